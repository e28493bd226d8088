import { type ApiKeyStates, assertKeysInForce } from '../api-keys/check-key-states.js';
import { type Clock, type NumericDate, systemClock } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { assertMethod } from '../base/options.js';
import type { KeyRing } from '../keys/key-ring.js';
import { internalsOf, type KeyRingInternals } from '../keys/key-ring-internals.js';
import {
  resolveVerification,
  type SignatureOptions,
  type Verification,
} from '../keys/resolve-verification.js';
import { assertNotRevoked, type RevocationCheck } from '../revocation/check-revocation.js';
import {
  type ClaimsOptions,
  type ClaimsPolicy,
  resolveClaimsPolicy,
  resolveStrings,
} from '../token/claims/claims-policy.js';
import { type AuthenticToken, validateClaimsSet } from '../token/claims/validate-claims-set.js';
import type { VerifiedToken } from '../token/claims/verified-token.js';
import { createTokenOpener } from '../token/create-token-opener.js';
import { isProven } from '../token/is-proven.js';
import { type LegacyOptions, resolveLegacyPolicy } from '../token/legacy-policy.js';
import { isLegacyToken, openLegacyToken } from '../token/open-legacy-token.js';
import { openToken } from '../token/open-token.js';
import { resolveTokenCache, type TokenCacheOptions } from '../token/token-cache.js';
import { resolveTrustedIssuers, type TrustedIssuer } from './trusted-issuers.js';

/** What decides whether a token is accepted. */
export interface TokenVerifierOptions extends ClaimsOptions, SignatureOptions {
  readonly keyRing: KeyRing;
  /** Longest token that is looked at, in characters. Default 8192. */
  readonly maxTokenLength?: number;
  /**
   * Issuers of other parties whose tokens are accepted too, as tokens of the type `external`. Each must sign its tokens;
   * they are encrypted to a public key of `keyRing`. Default: none.
   */
  readonly trustedIssuers?: readonly TrustedIssuer[];
  /** What is revoked. Default: nothing is. */
  readonly revocations?: RevocationCheck;
  /**
   * Tokens of another stack that are read too until they are replaced: those whose protected header has the members
   * `alg: "dir"` and `enc: "A256GCM"` and no others, in any JSON spelling, with IVs of 96 or 128 bits. All five members
   * are mandatory. Default: none are read.
   */
  readonly legacy?: LegacyOptions;
  /**
   * The API keys whose tokens are accepted, and those delegated from them: `await watchApiKeys({ directory })`. Tokens
   * of a key that is not among them, not active, or expired are refused; those that name no `client_id` are not
   * concerned. Default: keys are not looked at.
   */
  readonly apiKeys?: ApiKeyStates;
  /**
   * How many tokens are kept decrypted, so that one that comes again need not be decrypted again; all other checks are
   * made each time. With `false` none is kept. Default: `{ maxEntries: 10_000, maxBytes: 67_108_864 }`.
   */
  readonly tokenCache?: TokenCacheOptions | false;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

/** Verifies tokens without HTTP. */
export interface TokenVerifier {
  /**
   * Decrypts and validates a token.
   * @throws InvalidTokenError (as rejection) for a token that is not accepted.
   * @throws TemporarilyUnavailableError (as rejection) if a revocation, a decryption key or a verification key cannot be
   *   looked up.
   */
  verify(token: string): Promise<VerifiedToken>;
}

/**
 * Creates a verifier of tokens for workers, WebSocket servers and other code without an Express request.
 * @throws TypeError for an option that is missing or malformed.
 *
 * @example
 * const verifier = createTokenVerifier({ keyRing, issuer, audience });
 * const token = await verifier.verify(text);
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { verify } = prepareVerifier(options);
  return Object.freeze({ verify: async (token: string) => verify(token) });
}

/** The verifier that the middleware uses. It returns a promise only if something has to be waited for. */
export interface PreparedVerifier {
  /** @throws InvalidTokenError or TemporarilyUnavailableError (or as rejection), as `TokenVerifier` does. */
  verify(token: string): VerifiedToken | Promise<VerifiedToken>;
  /**
   * For endpoints that act on a token rather than serve its bearer: accepts only tokens with a proof of issuance. A
   * holder of an exported access key can encrypt a token of its audience, but cannot prove that.
   */
  verifyProven(token: string): Promise<VerifiedToken>;
  /** Whether an accepted token carries a proof of issuance. */
  isProven(token: string): boolean;
}

const DEFAULT_MAX_TOKEN_LENGTH = 8192;

/** @throws TypeError for an option that is missing or malformed. */
export function prepareVerifier(options: TokenVerifierOptions): PreparedVerifier {
  const parts = resolveVerifier(options);
  const { legacy, maxTokenLength } = parts;
  const { clock = systemClock } = options;
  const provenPolicy = { ...parts, requiresProof: true };
  const open = createTokenOpener(parts, resolveTokenCache(options.tokenCache));
  const accept = createAcceptance(options, parts);

  return {
    verify(token) {
      const now = clock();
      if (legacy !== undefined && isLegacyToken(token)) {
        return accept(openLegacyToken(token, { legacy, maxTokenLength }, now), now, legacy.claimsPolicy);
      }
      const opened = open(token, now);
      // It may have expired while it was waited for.
      return opened instanceof Promise
        ? opened.then((authentic) => accept(authentic, clock()))
        : accept(opened, now);
    },

    async verifyProven(token) {
      if (legacy !== undefined && isLegacyToken(token)) throw new InvalidTokenError('unprovable');
      const verified = await accept(await openToken(token, provenPolicy, clock()), clock());
      // The signature of another party proves nothing about tokens of ours.
      if (verified.type === 'external') throw new InvalidTokenError('unprovable');
      return verified;
    },

    isProven: (token) => isProven(token, parts, clock()),
  };
}

function resolveVerifier(options: TokenVerifierOptions) {
  const keyRing = internalsOf(options.keyRing);
  assertParts(options);
  const { maxTokenLength = DEFAULT_MAX_TOKEN_LENGTH } = options;
  const claimsPolicy = resolveClaimsPolicy(options);
  const trust = resolveTrustedIssuers(options.trustedIssuers ?? [], claimsPolicy);
  const legacy = resolveLegacyPolicy(options.legacy, claimsPolicy);
  const own = resolveVerification(options, resolveStrings(options.issuer, 'issuer'));
  if (own.size > 1) warnOfHomeIssuers();
  const verification = new Map([...own, ...trust.verification]);
  if (legacy !== undefined && trust.policies.has(legacy.issuer)) {
    throw new TypeError('legacy.issuer must not be one of trustedIssuers: its tokens count as our own');
  }
  const { clock = systemClock } = options;
  const legacySeconds = legacy === undefined ? 0 : legacy.until - clock();
  const longestSeconds = Math.max(claimsPolicy.maxTokenLifetimeSeconds, legacySeconds);
  assertRemembered(longestSeconds, options.revocations);
  options.revocations?.coverAccessTokens?.(longestSeconds);
  for (const audience of claimsPolicy.audiences) {
    keyRing.prepare('access', audience);
    assertSigned(keyRing, audience, verification);
  }
  return { keyRing, maxTokenLength, claimsPolicy, trustedPolicies: trust.policies, legacy, verification };
}

let hasWarned = false;

/** Keys of their own suggest that the issuers are different parties, of which only one can be the home issuer. */
function warnOfHomeIssuers(): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    'verification has keys of several home issuers, whose tokens may all name your API keys and users: move issuers of other parties from issuer to trustedIssuers',
    { code: 'PASSPORT_JWE_HOME_ISSUERS' },
  );
}

/** The checks of an authentic token: claims, API keys, revocations. */
function createAcceptance(
  { apiKeys, revocations }: TokenVerifierOptions,
  { claimsPolicy, trustedPolicies }: ReturnType<typeof resolveVerifier>,
) {
  return (
    token: AuthenticToken,
    now: NumericDate,
    only?: ClaimsPolicy,
  ): VerifiedToken | Promise<VerifiedToken> => {
    const policy = only ?? trustedPolicies.get(token.claims['iss']) ?? claimsPolicy;
    const verified = validateClaimsSet(token, policy, now);
    if (apiKeys !== undefined) assertKeysInForce(verified, apiKeys, now);
    const pending = revocations === undefined ? undefined : assertNotRevoked(verified, revocations);
    return pending === undefined ? verified : pending.then(() => verified);
  };
}

/** A revocation must not be forgotten before its token has expired. */
function assertRemembered(longestSeconds: number, revocations?: RevocationCheck): void {
  if (revocations?.maxTokenLifetimeSeconds === undefined) return;
  if (longestSeconds <= revocations.maxTokenLifetimeSeconds) return;
  throw new TypeError(
    'Revocations are forgotten before tokens expire: raise maxTokenLifetimeSeconds of createRevocations()',
  );
}

function assertSigned(keyRing: KeyRingInternals, audience: string, verification: Verification): void {
  if (verification.size > 0 || !keyRing.needsSignature(audience)) return;
  throw new TypeError('Anyone can encrypt to a public key: give verification to accept, signing to issue');
}

function assertParts({ revocations, apiKeys, clock, maxTokenLength }: TokenVerifierOptions): void {
  if (clock !== undefined && typeof clock !== 'function') {
    throw new TypeError('clock must be a function that returns a NumericDate');
  }
  if (revocations !== undefined) assertMethod(revocations, 'isRevoked', 'revocations needs isRevoked(token)');
  if (apiKeys !== undefined)
    assertMethod(apiKeys, 'get', 'apiKeys needs get(keyId): await watchApiKeys(...)');
  if (maxTokenLength !== undefined && !(Number.isInteger(maxTokenLength) && maxTokenLength >= 1)) {
    throw new TypeError('maxTokenLength must be a positive whole number');
  }
}
