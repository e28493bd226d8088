import { isUtf8 } from 'node:buffer';
import { InvalidTokenError } from '../base/errors.js';
import { createFifoCache } from '../base/fifo-cache.js';
import { hasDuplicateMembers } from '../base/has-duplicate-members.js';
import { freezeJson, isJsonObject, type JsonObject } from '../base/json.js';
import { decodeBase64url } from './compact-serialization.js';

/** Protected header of a JWE. @see RFC 7516 §4.1 */
export interface ProtectedHeader extends JsonObject {
  readonly alg: string;
  readonly enc: string;
  readonly kid: string;
}

/** Parsed protected header, with its encoded form. */
export interface ReadHeader {
  readonly header: ProtectedHeader;
  /** Encoded header, which the tag authenticates. @see RFC 7516 §5.2 step 14 */
  readonly additionalData: Buffer;
  readonly isCached: boolean;
}

/** Maximum number of cached headers. The oldest is evicted first. Tokens under one key usually have the same header. */
const MAX_CACHED = 256;

/** Maximum length of a decoded header in bytes. */
const MAX_HEADER_BYTES = 1024;

/** Maximum nesting depth of a header, in objects and arrays. */
const MAX_HEADER_DEPTH = 4;

/**
 * Header members that cause rejection:
 *
 * - compression (RFC 8725 §3.6), unknown extensions (RFC 7516 §4.1.13) and the iteration count of PBES2
 * - keys and URLs supplied by the sender (RFC 8725 §3.9, §3.10)
 * - replicated claims (RFC 7519 §5.3), which would disclose encrypted content
 */
const REJECTED_MEMBERS = ['zip', 'crit', 'jku', 'jwk', 'x5u', 'x5c', 'p2c', 'iss', 'sub', 'aud'];

/** Members that callers must not add: codec members, and claims, which a header would disclose (RFC 7519 §5.3). */
const RESERVED_MEMBERS = new Set([
  ...['alg', 'enc', 'kid', 'typ', 'cty', 'epk', 'apu', 'apv', 'iv', 'tag', 'p2s'],
  ...['exp', 'nbf', 'iat', 'jti', 'client_id', 'scope'],
  ...REJECTED_MEMBERS,
]);

const cached = createFifoCache<string, ReadHeader>(MAX_CACHED);

/** Read an encoded protected header, from the cache if possible. @throws InvalidTokenError if it is malformed. */
export function readHeader(encoded: string): ReadHeader {
  const read = cached.get(encoded);
  if (read !== undefined) return read;
  const header = parseProtectedHeader(decodeBase64url(encoded));
  return { header, additionalData: Buffer.from(encoded, 'latin1'), isCached: false };
}

/** Whether an encoded header is in the cache, and is therefore from an authentic token. */
export function isCachedHeader(encoded: string): boolean {
  return cached.has(encoded);
}

/** Cache a header. Call it only for authentic tokens, so that attackers cannot fill the cache. */
export function cacheHeader({ header, additionalData, isCached }: ReadHeader): void {
  if (isCached) return;
  // Copies the text, because in V8 a slice of a token keeps the whole token in memory.
  const encoded = additionalData.toString('latin1');
  cached.set(encoded, Object.freeze({ header, additionalData, isCached: true }));
}

/** Parse and deeply freezes a protected header. Apply all checks that need no key. @throws InvalidTokenError */
export function parseProtectedHeader(bytes: Buffer): ProtectedHeader {
  const header = parseHeaderObject(bytes);
  for (const member of REJECTED_MEMBERS) {
    if (Object.hasOwn(header, member)) throw new InvalidTokenError('header_refused_member');
  }
  if (!hasRequiredMembers(header)) throw new InvalidTokenError('header_invalid_member');
  if (!freezeJson(header, MAX_HEADER_DEPTH)) throw new InvalidTokenError('header_invalid_member');
  if (header['cty'] !== undefined && !isJwt(header['cty'])) throw new InvalidTokenError('content_type');
  return header;
}

/** Parse the header of a JWE or JWS. @throws InvalidTokenError unless it is a short JSON object without duplicates. */
export function parseHeaderObject(bytes: Buffer): JsonObject {
  if (bytes.length > MAX_HEADER_BYTES) throw new InvalidTokenError('header_too_long');
  if (!isUtf8(bytes)) throw new InvalidTokenError('header_not_json');
  const text = bytes.toString('utf8');
  const header = parseObject(text);
  if (hasDuplicateMembers(text)) throw new InvalidTokenError('header_duplicate_member');
  return header;
}

/**
 * Check the protected header members that a caller adds.
 *
 * @throws TypeError if a member is reserved: the codec writes or rejects it, or it is a claim.
 */
export function assertAdditionalMembers(members: JsonObject): void {
  for (const member of Object.keys(members)) {
    if (RESERVED_MEMBERS.has(member)) {
      throw new TypeError(`issue: header must not contain the reserved member ${member}: remove it`);
    }
  }
}

/** Whether `cty` identifies a nested JWT (RFC 7519 §5.2). Media types are case-insensitive (RFC 7516 §4.1.12). */
function isJwt(cty: unknown): boolean {
  return typeof cty === 'string' && /^(application\/)?jwt$/i.test(cty);
}

/** Parse a JSON object. `JSON.parse` accepts only JSON as in RFC 8259, without a byte order mark. */
function parseObject(text: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new InvalidTokenError('header_not_json', cause);
  }
  if (!isJsonObject(parsed)) throw new InvalidTokenError('header_not_json');
  return parsed;
}

function hasRequiredMembers(header: JsonObject): header is ProtectedHeader {
  return ['alg', 'enc', 'kid'].every((member) => typeof header[member] === 'string');
}
