import { LRUCache } from 'lru-cache';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { systemClock } from '../base/clock.js';
import { InvalidRequestError } from '../base/errors.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import { buildClaimsSet } from '../token/claims/build-claims-set.js';
import {
  type ClaimsPolicy,
  resolveClaimsPolicy,
  resolveStrings,
  resolveTokenLifetime,
} from '../token/claims/claims-policy.js';
import { ACCESS_TOKEN_TYP, type IssuedClaims } from '../token/claims/claims-set.js';
import { MAX_ISSUED_TOKEN_LENGTH } from '../token/claims/token-size.js';
import { sealToken } from '../token/seal-token.js';
import type { TokenVerifierOptions } from '../verify/token-verifier-options.js';
import { assertAcceptable } from './assert-acceptable.js';
import { describeIssuance } from './describe-issuance.js';
import type { IssueRequest } from './issue-request.js';

/** Options of `createTokenIssuer()`. Shared options have the same meaning as in `createTokenVerifier()`. */
export interface TokenIssuerOptions
  extends Pick<TokenVerifierOptions, 'keyRing' | 'issuer' | 'signing' | 'maxTokenLifetimeSeconds' | 'clock'> {
  /**
   * Audit trail that receives the events `token.intended` and `token.issued` for each token.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
}

/** An access token and its claims. */
export interface IssuedToken {
  /** Compact serialization of the token. Secret. */
  readonly token: string;
  readonly claims: IssuedClaims;
  /** Lifetime in whole seconds, from `iat` to `exp`. */
  readonly expiresInSeconds: number;
}

/** Issues access tokens without the token endpoint. */
export interface TokenIssuer {
  /**
   * Issues an access token. Its `iss` is the first value of the option `issuer`.
   *
   * @throws InvalidRequestError (as rejection) if the token would exceed 4096 characters
   * @throws TypeError (as rejection) if `header` has a reserved member, or verifiers would reject the claims
   * @throws TypeError (as rejection) if the lifetime exceeds `maxTokenLifetimeSeconds` of the key ring or the issuer
   * @throws TypeError (as rejection) if the encryption key is public and the option `signing` is not set
   * @throws TemporarilyUnavailableError (as rejection) if a required audit sink fails, or the usage limit of the key is
   *   reached
   */
  issue(request: IssueRequest): Promise<IssuedToken>;
}

/** Maximum number of audiences with a cached claims policy. */
const MAX_AUDIENCES = 256;

/**
 * Creates a token issuer, for code that issues access tokens without the token endpoint.
 *
 * @throws TypeError if an option is missing or malformed
 *
 * @example
 * const issuer = createTokenIssuer({ keyRing, issuer: 'https://auth.example.com' });
 * const { token } = await issuer.issue({
 *   type: 'service',
 *   subject: 'billing',
 *   clientId: 'billing',
 *   audience: 'https://api.example.com',
 *   scope: ['read'],
 *   lifetimeSeconds: 300,
 *   claims: { api_key_name: 'Billing' },
 * });
 */
export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  const { keyRing, signing, audit = noAuditTrail, clock = systemClock } = options;
  const keys = internalsOf(keyRing);
  if (typeof clock !== 'function') {
    throw new TypeError(
      'createTokenIssuer: clock must be a function that returns seconds since 1970, for example () => Date.now() / 1000',
    );
  }
  assertAuditTrail(audit);
  const [issuer = ''] = resolveStrings(options.issuer, 'issuer');
  const maxTokenLifetimeSeconds = resolveTokenLifetime(options.maxTokenLifetimeSeconds, 'createTokenIssuer');
  const policies = new LRUCache<string, ClaimsPolicy>({
    max: MAX_AUDIENCES,
    memoMethod: (audience) => resolveClaimsPolicy({ issuer, audience, maxTokenLifetimeSeconds }),
  });

  const buildClaims = (request: IssueRequest): IssuedClaims => {
    const now = clock();
    assertLifetime(request, keyRing.maxTokenLifetimeSeconds, 'of the key ring');
    assertLifetime(request, maxTokenLifetimeSeconds, 'of the token issuer');
    const claims = buildClaimsSet(request, { issuer, now: request.issuedAt ?? now });
    assertAcceptable(claims, policies.memo(request.audience), now);
    return claims;
  };

  const claimKey = async (audience: string) => {
    const key = keys.encryptionKey('access', audience);
    await keys.claimUse(key);
    return key;
  };

  return Object.freeze({
    async issue(request: IssueRequest) {
      const claims = buildClaims(request);
      const key = await claimKey(request.audience);
      const issuance = audit.enabled ? describeIssuance(request, claims, key.kid) : undefined;
      if (issuance !== undefined) await audit.record({ type: 'token.intended', ...issuance });
      const header = { typ: ACCESS_TOKEN_TYP, header: request.header ?? {} };
      const token = await sealToken(claims, key, { ...header, ...(signing && { signing }) });
      assertLength(token);
      if (issuance !== undefined) await audit.record({ type: 'token.issued', ...issuance });
      return { token, claims, expiresInSeconds: claims.exp - claims.iat };
    },
  });
}

/** Asserts that a token expires before its key, and within the lifetime that verifiers accept. */
function assertLifetime({ lifetimeSeconds }: IssueRequest, maximum: number, whose: string): void {
  if (lifetimeSeconds > maximum) {
    throw new TypeError(
      `TokenIssuer.issue: lifetimeSeconds exceeds maxTokenLifetimeSeconds ${whose}: pass at most ${maximum}`,
    );
  }
}

function assertLength(token: string): void {
  if (token.length > MAX_ISSUED_TOKEN_LENGTH) {
    throw new InvalidRequestError(`The token would be longer than ${MAX_ISSUED_TOKEN_LENGTH} characters`);
  }
}
