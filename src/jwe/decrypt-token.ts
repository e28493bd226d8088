import { isUtf8 } from 'node:buffer';
import { freezeJson, isJsonObject, type JsonObject } from '../claims/json.js';
import type { NumericDate } from '../clock.js';
import { InvalidTokenError } from '../errors.js';
import type { ContentKey, DirectKey } from '../keys/content-key.js';
import type { KeyRing } from '../keys/key-ring.js';
import { IV_BYTES, openContent, type SealedContent, TAG_BYTES } from './aes-gcm.js';
import { decodeBase64url } from './base64url.js';
import { encryptedKeyBytes } from './encrypted-key-bytes.js';
import { type ProtectedHeader, parseProtectedHeader } from './protected-header.js';

/** Claims nest no deeper than this many objects and arrays. */
export const MAX_CLAIMS_DEPTH = 16;

export interface DecryptionPolicy {
  readonly keyRing: KeyRing;
  /** Longest token that is looked at, in characters. */
  readonly maxTokenLength: number;
}

/** A token whose tag verified: from a holder of the key, but not yet valid. Deeply frozen. */
export interface DecryptedToken {
  readonly header: ProtectedHeader;
  readonly claims: JsonObject;
  readonly key: ContentKey;
  /** Header of the JWS that was nested in it and verified. */
  readonly signedHeader?: JsonObject;
}

/** A token that is well-formed and names a key of ours, still closed. */
export interface ParsedToken extends SealedContent {
  readonly encodedHeader: string;
  readonly header: ProtectedHeader;
  readonly key: ContentKey;
}

/**
 * Opens a JWE in compact serialization (RFC 7516 section 5.2) with the one key that its `kid` names, where that is one
 * for direct encryption; `openToken` opens the others too.
 * @throws InvalidTokenError for everything that is wrong with it; the reason is for the audit trail only.
 */
export function decryptToken(token: string, policy: DecryptionPolicy, now: NumericDate): DecryptedToken {
  const parsed = parseToken(token, policy, now);
  const { header, key } = parsed;
  if (key.alg !== 'dir') throw new InvalidTokenError('algorithm');
  if (header['cty'] !== undefined) throw new InvalidTokenError('content_type');
  return Object.freeze({ header, claims: parseClaims(decryptContent(parsed, key)), key });
}

/**
 * Reads everything but the content, and finds the key.
 * @throws InvalidTokenError
 */
export function parseToken(token: string, policy: DecryptionPolicy, now: NumericDate): ParsedToken {
  const segments = splitToken(token, policy.maxTokenLength);
  const encodedHeader = segments[0];
  const [headerBytes, encryptedKey, iv, ciphertext, tag] = decodeSegments(segments);
  const header = parseProtectedHeader(headerBytes);
  const key = findKey(header, policy.keyRing, now);
  if (encryptedKey.length !== encryptedKeyBytes(key)) throw new InvalidTokenError('encrypted_key');
  if (iv.length !== IV_BYTES) throw new InvalidTokenError('iv_length');
  if (tag.length !== TAG_BYTES) throw new InvalidTokenError('tag_length');
  return { encodedHeader, header, key, iv, ciphertext, tag };
}

/** @throws InvalidTokenError where the tag does not verify. */
export function decryptContent(
  sealed: SealedContent & { readonly encodedHeader: string },
  key: DirectKey,
): Buffer {
  try {
    return openContent(sealed, sealed.encodedHeader, key);
  } catch (cause) {
    throw new InvalidTokenError('decryption', cause);
  }
}

type FiveOf<Item> = readonly [Item, Item, Item, Item, Item];

/** RFC 7516 section 7.1: five parts, hence four dots. */
export function splitToken(token: string, maxTokenLength: number): FiveOf<string> {
  if (token.length > maxTokenLength) throw new InvalidTokenError('too_long');
  const [header, encryptedKey, iv, ciphertext, tag, ...excess] = token.split('.', 6);
  if (
    header === undefined ||
    encryptedKey === undefined ||
    iv === undefined ||
    ciphertext === undefined ||
    tag === undefined ||
    excess.length > 0
  ) {
    throw new InvalidTokenError('segment_count');
  }
  return [header, encryptedKey, iv, ciphertext, tag];
}

export function decodeSegments([header, encryptedKey, iv, ciphertext, tag]: FiveOf<string>): FiveOf<Buffer> {
  return [
    decodeBase64url(header),
    decodeBase64url(encryptedKey),
    decodeBase64url(iv),
    decodeBase64url(ciphertext),
    decodeBase64url(tag),
  ];
}

/** One `kid`, one key, one `alg`, one `enc`: nothing is tried (RFC 8725 sections 3.1 and 3.2). */
function findKey(header: ProtectedHeader, keyRing: KeyRing, now: NumericDate): ContentKey {
  const key = keyRing.decryptionKey(header.kid);
  if (key === undefined) throw new InvalidTokenError('unknown_key');
  if (key.notAfter !== undefined && key.notAfter <= now) throw new InvalidTokenError('expired_key');
  if (header.alg !== key.alg || header.enc !== key.enc) throw new InvalidTokenError('algorithm');
  return key;
}

/** RFC 7519 section 7.2 step 10: a JSON object in UTF-8. JSON.parse refuses a byte order mark. @throws InvalidTokenError */
export function parseClaims(plaintext: Buffer): JsonObject {
  if (!isUtf8(plaintext)) throw new InvalidTokenError('claims_not_json');
  let claims: unknown;
  try {
    claims = JSON.parse(plaintext.toString('utf8'));
  } catch {
    // The parser's message would quote the claims.
    throw new InvalidTokenError('claims_not_json');
  }
  if (!isJsonObject(claims)) throw new InvalidTokenError('claims_not_json');
  if (!freezeJson(claims, MAX_CLAIMS_DEPTH)) throw new InvalidTokenError('claims_too_deep');
  return claims;
}
