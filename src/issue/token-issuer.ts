import { LRUCache } from 'lru-cache';
import { type AuditTrail, assertAuditTrail, noAuditTrail } from '../audit/record.js';
import { type NumericDate, systemClock } from '../base/clock.js';
import { InvalidRequestError } from '../base/errors.js';
import { inContext } from '../base/in-context.js';
import { assertOptions, assertString, type KnownOptions } from '../base/options.js';
import type { KeyRing } from '../keys/key-ring.js';
import { internalsOf } from '../keys/key-ring-internals.js';
import { buildClaimsSet, type ClaimsRequest } from '../token/claims/build-claims-set.js';
import {
  type ClaimsOptions,
  type ClaimsPolicy,
  resolveClaimsPolicy,
  resolveStrings,
  resolveTokenLifetime,
} from '../token/claims/claims-policy.js';
import {
  assertClaimsSchema,
  assertIssuableClaims,
  type ClaimsSchema,
} from '../token/claims/claims-schema.js';
import { ACCESS_TOKEN_TYP, type IssuedClaims } from '../token/claims/claims-set.js';
import { MAX_ISSUED_TOKEN_LENGTH } from '../token/claims/token-size.js';
import type { NoClaims } from '../token/claims/verified-token.js';
import { sealToken } from '../token/seal-token.js';
import type { TokenVerifierOptions } from '../verify/token-verifier-options.js';
import { assertAcceptable } from './assert-acceptable.js';
import { describeIssuance } from './describe-issuance.js';
import type { ClientTokenRequest, IssueRequest, UserTokenRequest } from './issue-request.js';
import { resolveIssueRequest } from './resolve-issue-request.js';
import { maxLifetimesOf } from './resolve-lifetime.js';

/**
 * Options of `createTokenIssuer()`. Shared options have the same meaning as in `createTokenVerifier()`.
 *
 * @typeParam Claims custom claims of user tokens
 */
export interface TokenIssuerOptions<Claims extends object = NoClaims>
  extends Pick<ClaimsOptions, 'issuer'>,
    Pick<TokenVerifierOptions, 'signing' | 'maxTokenLifetimeSeconds' | 'clock'> {
  /** Key ring that encrypts the tokens. */
  readonly keyRing: KeyRing;
  /**
   * Audience of tokens whose request names none. RFC 7519 §4.1.3.
   *
   * @default undefined (every request names its audience)
   */
  readonly audience?: string;
  /**
   * Schema that the custom claims of user tokens must match. Give the same schema to `authenticate()`.
   *
   * @default undefined (custom claims are not checked)
   */
  readonly claimsSchema?: ClaimsSchema<Claims>;
  /**
   * Audit trail that receives the events `token.intended` and `token.issued` for each token.
   *
   * @default undefined (no audit log)
   */
  readonly audit?: AuditTrail;
}

/** An access token and its claims. */
export interface IssuedToken<Claims extends object = NoClaims> {
  /** Compact serialization of the token. Secret. */
  readonly token: string;
  /** Claims of the token. */
  readonly claims: IssuedClaims & Claims;
  /** Lifetime in whole seconds, from `iat` to `exp`. */
  readonly expiresInSeconds: number;
}

/**
 * Issues access tokens without the token endpoint.
 *
 * @typeParam Claims custom claims of user tokens
 */
export interface TokenIssuer<Claims extends object = NoClaims> {
  /**
   * Issue an access token for a user, or of a different `type`. Its `iss` is the first value of the option `issuer`.
   *
   * @throws InvalidRequestError (as rejection) if the token would exceed 4096 characters
   * @throws TypeError (as rejection) for a missing, unknown or malformed option, a reserved claim or header member, claims
   *   that `claimsSchema` or every verifier would reject, a lifetime beyond `maxTokenLifetimeSeconds` of the key ring or
   *   the issuer, or a public encryption key without `signing`
   * @throws TemporarilyUnavailableError (as rejection) if a required audit sink fails, or the usage limit of the key is
   *   reached
   *
   * @example
   * const { issue } = createTokenIssuer({ keyRing, issuer, audience });
   * const { token } = await issue({ subject: 'alice', scope: 'read write', lifetime: '10m' });
   */
  issue(request: UserTokenRequest<Claims>): Promise<IssuedToken<Claims>>;
  /**
   * Issue an access token of any type. The errors are the same as for a user.
   *
   * @example
   * const { issue } = createTokenIssuer({ keyRing, issuer, audience });
   * const { token } = await issue({ type: 'service', subject: 'billing', clientId: 'billing' });
   */
  issue(request: IssueRequest<Claims>): Promise<IssuedToken>;
}

/** The part of an issuer that the grants use. */
export interface ClientTokenIssuer {
  issue(request: ClientTokenRequest): Promise<IssuedToken>;
}

const KNOWN: KnownOptions<TokenIssuerOptions> = {
  ...{ keyRing: true, issuer: true, audience: true, signing: true, maxTokenLifetimeSeconds: true },
  ...{ claimsSchema: true, audit: true, clock: true },
};

/** Maximum number of audiences with a cached claims policy. */
const MAX_AUDIENCES = 256;

/**
 * Create an issuer of access tokens, for an application that signs in its own users, and for code that issues tokens
 * without the token endpoint.
 *
 * @typeParam Claims custom claims of user tokens. Inferred from `claimsSchema`.
 * @throws TypeError if an option is missing, unknown or malformed
 *
 * @example
 * const issuer = createTokenIssuer<{ tenant: string }>({
 *   keyRing,
 *   issuer: 'https://auth.example.com',
 *   audience: 'https://api.example.com',
 * });
 * const { token } = await issuer.issue({
 *   subject: 'alice',
 *   scope: ['read:documents'],
 *   lifetime: '10m',
 *   claims: { tenant: 'acme' },
 * });
 */
export function createTokenIssuer<Claims extends object = NoClaims>(
  options: TokenIssuerOptions<Claims>,
): TokenIssuer<Claims>;
export function createTokenIssuer(options: TokenIssuerOptions<object>): TokenIssuer {
  const { keyRing, signing, claimsSchema, audit, clock, ...defaults } = resolveOptions(options);
  const { issuer, maxTokenLifetimeSeconds } = defaults;
  const keys = internalsOf(keyRing, 'createTokenIssuer');
  const policies = new LRUCache<string, ClaimsPolicy>({
    max: MAX_AUDIENCES,
    memoMethod: (audience) =>
      resolveClaimsPolicy({ issuer, audience, maxTokenLifetimeSeconds }, 'createTokenIssuer'),
  });

  const buildClaims = (request: ClaimsRequest, issuedAt: NumericDate | undefined): IssuedClaims => {
    const now = clock();
    const claims = buildClaimsSet(request, { issuer, now: issuedAt ?? now });
    assertAcceptable(claims, policies.memo(request.audience), now);
    return claims;
  };

  const claimKey = async (audience: string) => {
    const key = inContext('issue', () => keys.encryptionKey('access', audience));
    await keys.claimUse(key);
    return key;
  };

  return Object.freeze({
    async issue(request: IssueRequest) {
      const resolved = resolveIssueRequest(request, defaults);
      if (claimsSchema !== undefined && resolved.type === 'user') {
        await assertIssuableClaims(resolved.claims, claimsSchema);
      }
      const claims = buildClaims(resolved, request.issuedAt);
      const key = await claimKey(resolved.audience);
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

function resolveOptions(options: TokenIssuerOptions<object>) {
  assertOptions(options, KNOWN, 'createTokenIssuer');
  const { keyRing, audience, signing, claimsSchema, audit = noAuditTrail, clock = systemClock } = options;
  internalsOf(keyRing, 'createTokenIssuer');
  if (typeof clock !== 'function') {
    throw new TypeError(
      'createTokenIssuer: clock must be a function that returns seconds since 1970, for example () => Date.now() / 1000',
    );
  }
  assertAuditTrail(audit, 'createTokenIssuer');
  if (audience !== undefined)
    assertString(audience, 'createTokenIssuer', 'audience', 'https://api.example.com');
  assertClaimsSchema(claimsSchema, 'createTokenIssuer');
  const [issuer = ''] = resolveStrings(
    options.issuer,
    'createTokenIssuer: issuer',
    'https://auth.example.com',
  );
  const maxTokenLifetimeSeconds = resolveTokenLifetime(options.maxTokenLifetimeSeconds, 'createTokenIssuer');
  const maxLifetimes = maxLifetimesOf(keyRing, maxTokenLifetimeSeconds, 'createTokenIssuer');
  const terms = { issuer, audience, maxTokenLifetimeSeconds, maxLifetimes };
  return { keyRing, signing, claimsSchema, audit, clock, ...terms };
}

function assertLength(token: string): void {
  if (token.length > MAX_ISSUED_TOKEN_LENGTH) {
    throw new InvalidRequestError(`The token would be longer than ${MAX_ISSUED_TOKEN_LENGTH} characters`);
  }
}
