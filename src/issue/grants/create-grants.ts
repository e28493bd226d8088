import type { RefreshTokenBackend } from '../refresh-tokens.js';
import type { VerifyToken } from '../router-verifiers.js';
import { clientCredentials } from './client-credentials.js';
import type { Grant } from './grant.js';
import type { ClaimsHook } from './issue-access-token.js';
import { refreshToken } from './refresh-token-grant.js';
import { tokenExchange } from './token-exchange.js';

export interface GrantsParts {
  readonly claims: ClaimsHook | undefined;
  readonly refreshTokens: RefreshTokenBackend | undefined;
  readonly verifyLive: VerifyToken;
}

/** The grants of the token endpoint. */
export function createGrants({ claims, refreshTokens, verifyLive }: GrantsParts): readonly Grant[] {
  const hook = claims === undefined ? {} : { claimsHook: claims };
  const exchange = tokenExchange({ ...hook, verify: verifyLive });
  if (refreshTokens === undefined) return [clientCredentials(hook), exchange];
  const { families } = refreshTokens;
  return [clientCredentials({ ...hook, families }), refreshToken({ ...hook, ...refreshTokens }), exchange];
}
