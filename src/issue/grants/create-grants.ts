import type { RefreshTokenBackend } from '../refresh-tokens.js';
import type { VerifyToken } from '../router-verifiers.js';
import type { VerifiedUsers } from '../users/verified-users.js';
import { clientCredentialsGrant } from './client-credentials-grant.js';
import type { Grant } from './grant.js';
import type { ClaimsHook } from './issue-access-token.js';
import { jwtBearerGrant } from './jwt-bearer-grant.js';
import { refreshTokenGrant } from './refresh-token-grant.js';
import { tokenExchangeGrant } from './token-exchange-grant.js';

export interface GrantsParts {
  readonly claims: ClaimsHook | undefined;
  readonly refreshTokens: RefreshTokenBackend | undefined;
  readonly verifyLive: VerifyToken;
  /** Whether JWTs of workloads are accepted. */
  readonly acceptsWorkloads: boolean;
  /** Verification of users by directories. */
  readonly users: VerifiedUsers;
}

/** Create the grants of the token endpoint. */
export function createGrants({
  claims,
  refreshTokens,
  verifyLive,
  acceptsWorkloads,
  users,
}: GrantsParts): readonly Grant[] {
  const hook = { users, ...(claims === undefined ? {} : { claimsHook: claims }) };
  const exchange = tokenExchangeGrant({ ...hook, verify: verifyLive });
  const others = [exchange, ...(acceptsWorkloads ? [jwtBearerGrant(hook)] : [])];
  if (refreshTokens === undefined) return [clientCredentialsGrant(hook), ...others];
  const { families } = refreshTokens;
  return [
    clientCredentialsGrant({ ...hook, families }),
    refreshTokenGrant({ ...hook, ...refreshTokens }),
    ...others,
  ];
}
