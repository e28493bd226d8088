import { InvalidTokenError } from '../base/errors.js';
import { createFifoCache } from '../base/fifo-cache.js';
import { decodeBase64url } from './compact-serialization.js';
import { isCachedHeader, parseHeaderObject } from './protected-header.js';

/** 256 bytes of JSON in base64url. With every string character escaped, it has 109 bytes; the rest is for white space. */
const MAX_ENCODED_LENGTH = 342;

/** A library uses one spelling, or two if its members are unordered. */
const MAX_KNOWN = 16;

/** Spellings of tokens whose tag verified; the oldest is evicted first. */
const known = createFifoCache<string, true>(MAX_KNOWN);

/** Returns the encoded protected header of a token, or `undefined` if it is longer than a legacy header can be. */
export function findShortHeader(token: string): string | undefined {
  const end = token.slice(0, MAX_ENCODED_LENGTH + 1).indexOf('.');
  return end === -1 ? undefined : token.slice(0, end);
}

/**
 * Tells whether a protected header has exactly the members `alg: "dir"` and `enc: "A256GCM"`, in any JSON spelling.
 * Cached headers, legacy or not, are not parsed again.
 */
export function isLegacyHeader(encoded: string): boolean {
  if (known.has(encoded)) return true;
  return !isCachedHeader(encoded) && readsAsLegacy(encoded);
}

/** Caches a spelling. Call it only after the tag of the token verified, so that attackers cannot fill the cache. */
export function keepLegacyHeader(encoded: string): void {
  if (known.has(encoded)) return;
  // A copy: in V8, a slice of a token keeps the whole token in memory.
  known.set(Buffer.from(encoded, 'latin1').toString('latin1'), true);
}

function readsAsLegacy(encoded: string): boolean {
  try {
    const header = parseHeaderObject(decodeBase64url(encoded));
    return Object.keys(header).length === 2 && header['alg'] === 'dir' && header['enc'] === 'A256GCM';
  } catch (error) {
    // The general path rejects the token with the same reason.
    if (error instanceof InvalidTokenError) return false;
    throw error;
  }
}
