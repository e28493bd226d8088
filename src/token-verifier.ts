import { type ApiKeyStates, assertKeysInForce } from './api-keys/check-key-states.js';
import {
  type ClaimsOptions,
  type ClaimsPolicy,
  resolveClaimsPolicy,
  resolveStrings,
} from './claims/claims-policy.js';
import { type AuthenticToken, validateClaimsSet } from './claims/validate-claims-set.js';
import type { VerifiedToken } from './claims/verified-token.js';
import { type Clock, type NumericDate, systemClock } from './clock.js';
import { createTokenOpener } from './jwe/create-token-opener.js';
import { type LegacyOptions, resolveLegacyPolicy } from './jwe/legacy-policy.js';
import { isLegacyToken, openLegacyToken } from './jwe/open-legacy-token.js';
import { resolveTokenCache, type TokenCacheOptions } from './jwe/token-cache.js';
import type { KeyRing } from './keys/key-ring.js';
import {
  resolveVerification,
  type SignatureOptions,
  type Verification,
} from './keys/resolve-verification.js';
import { assertMethod } from './options.js';
import { assertNotRevoked, type RevocationCheck } from './revocation/check-revocation.js';

/** What decides whether a token is accepted. */
export interface TokenVerifierOptions extends ClaimsOptions, SignatureOptions {
  readonly keyRing: KeyRing;
  /** Longest token that is looked at, in characters. Default 8192. */
  readonly maxTokenLength?: number;
  /** What is revoked. Default: nothing is. */
  readonly revocations?: RevocationCheck;
  /**
   * Tokens of another stack that are read too until they are replaced: `dir` with `A256GCM`, without `kid` and `typ`,
   * with IVs of 96 or 128 bits. All five members are mandatory. Default: none are read.
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

/**
 * Decrypts and validates a token, without a promise where nothing has to be waited for.
 * @throws InvalidTokenError (or as rejection) for a token that is not accepted.
 * @throws TemporarilyUnavailableError (or as rejection) where it cannot be known whether it is revoked, what its key is,
 *   or who signed it.
 */
export type TokenVerifier = (token: string) => VerifiedToken | Promise<VerifiedToken>;

const DEFAULT_MAX_TOKEN_LENGTH = 8192;

/** @throws TypeError for an option that is missing or makes no sense. */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  assertParts(options);
  const { keyRing, revocations, apiKeys, clock = systemClock } = options;
  const { maxTokenLength = DEFAULT_MAX_TOKEN_LENGTH } = options;
  const claimsPolicy = resolveClaimsPolicy(options);
  const legacy = resolveLegacyPolicy(options.legacy, claimsPolicy);
  const verification = resolveVerification(options, resolveStrings(options.issuer, 'issuer'));
  for (const audience of claimsPolicy.audiences) {
    keyRing.prepare('access', audience);
    assertSigned(keyRing, audience, verification);
  }
  const cacheLimits = resolveTokenCache(options.tokenCache);
  const openToken = createTokenOpener({ keyRing, maxTokenLength, verification }, cacheLimits);

  const accept = (token: AuthenticToken, policy: ClaimsPolicy, now: NumericDate) => {
    const verified = validateClaimsSet(token, policy, now);
    if (apiKeys !== undefined) assertKeysInForce(verified, apiKeys, now);
    const pending = revocations === undefined ? undefined : assertNotRevoked(verified, revocations);
    return pending === undefined ? verified : pending.then(() => verified);
  };

  return (token) => {
    const now = clock();
    const isLegacy = legacy !== undefined && isLegacyToken(token);
    const opened = isLegacy ? openLegacyToken(token, { legacy, maxTokenLength }, now) : openToken(token, now);
    const policy = isLegacy ? legacy.claimsPolicy : claimsPolicy;
    // It may have expired while it was waited for.
    if (opened instanceof Promise) return opened.then((authentic) => accept(authentic, policy, clock()));
    return accept(opened, policy, now);
  };
}

function assertSigned(keyRing: KeyRing, audience: string, verification: Verification): void {
  if (verification.size > 0 || !keyRing.needsSignature(audience)) return;
  throw new TypeError('Anyone can encrypt to a public key: give verification to accept, signing to issue');
}

function assertParts({ keyRing, revocations, apiKeys, clock, maxTokenLength }: TokenVerifierOptions): void {
  assertMethod(keyRing, 'decryptionKey', 'keyRing must be a KeyRing: await createKeyRing(...)');
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
