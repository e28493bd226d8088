import type { RefreshTokenBackend } from '../refresh-tokens.js';
import type { VerifyToken } from '../router-verifiers.js';
import { clientCredentialsGrant } from './client-credentials-grant.js';
import type { Grant } from './grant.js';
import type { ClaimsHook } from './issue-access-token.js';
import { refreshTokenGrant } from './refresh-token-grant.js';
import { tokenExchangeGrant } from './token-exchange-grant.js';

export interface GrantsParts {
  readonly claims: ClaimsHook | undefined;
  readonly refreshTokens: RefreshTokenBackend | undefined;
  readonly verifyLive: VerifyToken;
}

/** Create the grants of the token endpoint. */
export function createGrants({ claims, refreshTokens, verifyLive }: GrantsParts): readonly Grant[] {
  const hook = claims === undefined ? {} : { claimsHook: claims };
  const exchange = tokenExchangeGrant({ ...hook, verify: verifyLive });
  if (refreshTokens === undefined) return [clientCredentialsGrant(hook), exchange];
  const { families } = refreshTokens;
  return [
    clientCredentialsGrant({ ...hook, families }),
    refreshTokenGrant({ ...hook, ...refreshTokens }),
    exchange,
  ];
}
