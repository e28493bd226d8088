import type { IdTokenUsers } from '../id-tokens/id-token-users.js';
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
  /** Users whom ID tokens identify. */
  readonly idTokens: IdTokenUsers;
}

/** Create the grants of the token endpoint. */
export function createGrants({
  claims,
  refreshTokens,
  verifyLive,
  acceptsWorkloads,
  users,
  idTokens,
}: GrantsParts): readonly Grant[] {
  const sessions = refreshTokens === undefined ? {} : { families: refreshTokens.families };
  const hook = { users, ...(claims === undefined ? {} : { claimsHook: claims }) };
  const exchange = tokenExchangeGrant({ ...hook, ...sessions, idTokens, verify: verifyLive });
  const others = [exchange, ...(acceptsWorkloads ? [jwtBearerGrant(hook)] : [])];
  if (refreshTokens === undefined) return [clientCredentialsGrant(hook), ...others];
  return [
    clientCredentialsGrant({ ...hook, ...sessions }),
    refreshTokenGrant({ ...hook, ...refreshTokens }),
    ...others,
  ];
}
