import { InvalidTokenError } from '../base/errors.js';
import { createFifoCache } from '../base/fifo-cache.js';
import { decodeBase64url } from './compact-serialization.js';
import { isCachedHeader, parseHeaderObject } from './protected-header.js';

/** Maximum length of an encoded header: 256 bytes of JSON. A fully escaped header has 109 bytes without white space. */
const MAX_ENCODED_LENGTH = 342;

/** Maximum number of cached headers. Each library writes at most two variants. */
const MAX_KNOWN = 16;

/** Cache of encoded headers from authentic tokens. The oldest is evicted first. */
const known = createFifoCache<string, true>(MAX_KNOWN);

/** Return the encoded protected header of a token, or `undefined` if it is too long for a legacy header. */
export function findShortHeader(token: string): string | undefined {
  const end = token.slice(0, MAX_ENCODED_LENGTH + 1).indexOf('.');
  return end === -1 ? undefined : token.slice(0, end);
}

/**
 * Whether a protected header has exactly the members `alg: "dir"` and `enc: "A256GCM"`, in any JSON spelling. Cached
 * headers are not parsed again.
 */
export function isLegacyHeader(encoded: string): boolean {
  if (known.has(encoded)) return true;
  return !isCachedHeader(encoded) && readsAsLegacy(encoded);
}

/** Cache an encoded header. Call it only for authentic tokens, so that attackers cannot fill the cache. */
export function keepLegacyHeader(encoded: string): void {
  if (known.has(encoded)) return;
  // Copies the text, because in V8 a slice of a token keeps the whole token in memory.
  known.set(Buffer.from(encoded, 'latin1').toString('latin1'), true);
}

function readsAsLegacy(encoded: string): boolean {
  try {
    const header = parseHeaderObject(decodeBase64url(encoded));
    return Object.keys(header).length === 2 && header['alg'] === 'dir' && header['enc'] === 'A256GCM';
  } catch (error) {
    // The general path then rejects the token for the same reason.
    if (error instanceof InvalidTokenError) return false;
    throw error;
  }
}
