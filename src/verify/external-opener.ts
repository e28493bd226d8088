import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import type { DecryptionKeysInternals } from '../keys/decryption-keys-internals.js';
import { isKeyManagementAlgorithm, KEY_MANAGEMENT } from '../keys/jwe-algorithms.js';
import { isCachedHeader } from '../token/protected-header.js';
import { readExternalHeader } from '../token/read-external-header.js';
import { AdmittingCache, type TokenCacheLimits } from '../token/token-cache.js';
import {
  type ExternalOptions,
  type ExternalToken,
  openExternalToken,
  openSignedOnlyToken,
} from './open-external-token.js';
import type { TrustedIssuers } from './trusted-issuers.js';

/** Opens tokens of trusted issuers through a cache. */
export interface ExternalOpener {
  /** Whether a token can only be from a trusted issuer: it is signed only, lacks `kid`, or names a key of an issuer. */
  isFor(token: string): boolean;
  /** Whether an accepted token is signed, so that only its issuer can have issued it. */
  isSigned(token: string): boolean;
  /**
   * Open a token. If its key is unknown, reload the keys once.
   *
   * @throws InvalidTokenError (or as rejection) if the token is rejected
   * @throws TemporarilyUnavailableError (or as rejection) if a tenant or a key cannot be looked up
   */
  open(token: string, now: NumericDate): ExternalToken | Promise<ExternalToken>;
}

/**
 * Create an opener for the tokens of trusted issuers.
 *
 * @param limits cache limits. `undefined` disables the cache
 */
export function createExternalOpener(options: ExternalOptions, limits: TokenCacheLimits): ExternalOpener {
  const { trusted } = options;
  const acceptsSignedOnly = trusted.terms.some(({ signedOnlyUntil }) => signedOnlyUntil > 0);
  const cache =
    limits && new AdmittingCache<ExternalToken>((token, now) => isCurrent(token, trusted, now), limits);

  const decrypt = (token: string, now: NumericDate): ExternalToken | Promise<ExternalToken> =>
    acceptsSignedOnly && isSignedOnly(token)
      ? openSignedOnlyToken(token, options, now)
      : openAfterReload(token, options, now);

  return Object.freeze({
    isFor: (token: string) =>
      token.length <= options.maxTokenLength &&
      ((acceptsSignedOnly && isSignedOnly(token)) || namesKey(token, options)),
    isSigned: (token: string) => isSignedOnly(token) || announcesSignature(token),
    open: (token: string, now: NumericDate) =>
      cache === undefined ? decrypt(token, now) : cache.open(token, now, decrypt),
  });
}

/** Open a token. If its key is unknown, reload the keys once. Returns a promise only if opening or the reload does. */
function openAfterReload(
  token: string,
  options: ExternalOptions,
  now: NumericDate,
): ExternalToken | Promise<ExternalToken> {
  try {
    // Only the synchronous part throws `unknown_key`.
    return openExternalToken(token, options, now);
  } catch (error) {
    const isUnknown = error instanceof InvalidTokenError && error.reason === 'unknown_key';
    if (!isUnknown) throw error;
    return reloadKeys(options.trusted).then((isChanged) => {
      if (!isChanged) throw error;
      return openExternalToken(token, options, now);
    });
  }
}

/**
 * Reload the keys of all issuers.
 *
 * @returns whether any keys changed
 * @throws TemporarilyUnavailableError (as rejection) if no keys changed and a source, which may contain the key, is
 *   unavailable
 */
async function reloadKeys({ terms }: TrustedIssuers): Promise<boolean> {
  const sets = new Set<DecryptionKeysInternals>(terms.map(({ decryption }) => decryption));
  const results = await Promise.allSettled([...sets].map((keys) => keys.reloadForUnknownKey()));
  if (results.some((result) => result.status === 'fulfilled' && result.value)) return true;
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return false;
}

/** Whether a token has three segments, as a JWS (RFC 7516 §9). */
function isSignedOnly(token: string): boolean {
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  return first >= 0 && second > first && !token.includes('.', second + 1);
}

/** Whether an accepted token must contain a nested JWS: `cty` says so, or it is encrypted to a public key. */
function announcesSignature(token: string): boolean {
  const { alg, cty } = readExternalHeader(headerOf(token));
  return cty !== undefined || !isKeyManagementAlgorithm(alg) || KEY_MANAGEMENT[alg] !== 'secret';
}

function headerOf(token: string): string {
  return token.slice(0, Math.max(0, token.indexOf('.')));
}

/** Whether a token lacks `kid`, or has the `kid` of a trusted issuer's key. */
function namesKey(token: string, { trusted: { terms }, isHomeKey }: ExternalOptions): boolean {
  try {
    const encoded = headerOf(token);
    // Only headers of tokens under the key ring are cached.
    if (isCachedHeader(encoded)) return false;
    const { kid } = readExternalHeader(encoded);
    if (kid === undefined) return true;
    // After a reload, both can have the kid.
    if (typeof kid === 'string' && isHomeKey(kid)) return false;
    return terms.some(({ decryption }) => decryption.keys.some((key) => key.kid === kid));
  } catch (error) {
    if (error instanceof InvalidTokenError) return false;
    throw error;
  }
}

/**
 * Whether a token may be used from the cache: the issuer is still trusted, and the keys that decrypted and verified the
 * token are still its keys. Compare keys by identity, because a reloaded set can reuse a `kid`.
 */
function isCurrent(token: ExternalToken, trusted: TrustedIssuers, now: NumericDate): boolean {
  const { issuer, decryptionKey, verificationKey, signedHeader } = token;
  const { decryption, signedOnlyUntil } = issuer.terms;
  const isEncryptionCurrent =
    decryptionKey === undefined
      ? signedOnlyUntil > now
      : decryption.keys.includes(decryptionKey) && isInForce(decryptionKey, now);
  if (!isEncryptionCurrent || !trusted.isCurrent(issuer)) return false;
  if (verificationKey === undefined) return true;
  const { kid, alg } = signedHeader ?? {};
  const found = issuer.verification?.find(textOf(kid), textOf(alg) ?? '');
  // The key must be loaded again. Verification then throws the failure, which here would end the process.
  if (found instanceof Promise) found.catch(() => {});
  return found === verificationKey && isInForce(verificationKey, now);
}

function isInForce({ notAfter }: { readonly notAfter?: NumericDate }, now: NumericDate): boolean {
  return notAfter === undefined || notAfter > now;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
