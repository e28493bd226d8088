import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import type { JsonObject } from '../base/json.js';
import { type ContentKey, type DirectKey, isAsymmetricKey } from '../keys/content-key.js';
import type { KeyRingInternals } from '../keys/key-ring-internals.js';
import type { Verification } from '../keys/resolve-verification.js';
import { IV_BYTES, openContent, type SealedContent, TAG_BYTES } from './aes-gcm.js';
import { decodeClaims, parseClaims } from './claims/parse-claims.js';
import { decodeAsciiBase64url, SegmentDecoder, type Segments, splitToken } from './compact-serialization.js';
import { encryptedKeyBytes, type ManagedKey, openManaged } from './managed-content.js';
import { hasValidProof, withoutProof } from './proof-of-issuance.js';
import { cacheHeader, type ProtectedHeader, readHeader } from './protected-header.js';
import { readNestedToken, verifyNestedToken } from './verify-nested-token.js';

export interface DecryptionOptions {
  readonly keyRing: KeyRingInternals;
  /** Maximum token length in characters. Longer tokens are rejected without parsing. */
  readonly maxTokenLength: number;
  /**
   * Verification keys by issuer, for nested tokens. `unverified` verifies no signature and requires none: only for
   * operators who inspect or revoke a token, never to accept one.
   */
  readonly verification: Verification | 'unverified';
  /**
   * Whether the token must carry a proof of issuance: a MAC under a key that is never exported, or the signature of a
   * nested JWS. A holder of an exported access key can make neither.
   *
   * @default false
   */
  readonly requiresProof?: boolean;
}

/** A token whose tag verified. Its claims are not validated yet. Deeply frozen. */
export interface DecryptedToken {
  readonly header: ProtectedHeader;
  readonly claims: JsonObject;
  readonly key: ContentKey;
  /** Header of the nested JWS. */
  readonly signedHeader?: JsonObject;
  /** Whether the MAC of the proof of issuance is valid. Absent if it was not checked. */
  readonly isProven?: true;
}

/**
 * Decrypts a JWE in compact serialization under the key that its `kid` names, verifies a nested JWS, and parses the
 * claims. Without a nested JWS, a token under a direct key is decrypted synchronously. If the key is unknown, the key
 * ring is reloaded once.
 *
 * @throws InvalidTokenError (or as rejection). Its `reason` is for the audit log only.
 * @throws TemporarilyUnavailableError (as rejection) if a decryption key or a verification key cannot be looked up.
 * @see RFC 7516 §5.2
 */
export function decryptToken(
  token: string,
  options: DecryptionOptions,
  now: NumericDate,
): DecryptedToken | Promise<DecryptedToken> {
  try {
    return decryptUnderKnownKey(token, options, now);
  } catch (error) {
    if (!isUnknownKey(error)) throw error;
    return decryptAfterReload(token, { options, now, unknown: error });
  }
}

async function decryptAfterReload(
  token: string,
  { options, now, unknown }: Pick<Decryption, 'options' | 'now'> & { readonly unknown: InvalidTokenError },
): Promise<DecryptedToken> {
  try {
    if (await options.keyRing.reloadForUnknownKey()) return await decryptUnderKnownKey(token, options, now);
  } catch (error) {
    if (!isUnknownKey(error)) throw error;
  }
  throw explainUnknownKey(token, options) ?? unknown;
}

function isUnknownKey(error: unknown): error is InvalidTokenError {
  return error instanceof InvalidTokenError && error.reason === 'unknown_key';
}

/** Distinguishes a token of another audience or environment from one under an unrelated key. The response is the same. */
function explainUnknownKey(token: string, options: DecryptionOptions): InvalidTokenError | undefined {
  const { kid } = readHeader(splitToken(token, options.maxTokenLength).header).header;
  const foreign = options.keyRing.recognizeKid(kid);
  return foreign && new InvalidTokenError(foreign.reason, undefined, { kid, ...foreign.detail });
}

/**
 * Tells synchronously whether an accepted token carries a proof of issuance, for the audit log.
 *
 * @param token one that was accepted, so that the signature of a nested JWS is known to be valid.
 */
export function isProven(token: string, options: DecryptionOptions, now: NumericDate): boolean {
  try {
    const { header } = readHeader(splitToken(token, options.maxTokenLength).header);
    const key = findKey(header, options.keyRing, now);
    if (isNested(header)) return true;
    if (key.alg !== 'dir') return false;
    decryptUnderKnownKey(token, { ...options, requiresProof: true }, now);
    return true;
  } catch {
    return false;
  }
}

function decryptUnderKnownKey(
  token: string,
  options: DecryptionOptions,
  now: NumericDate,
): DecryptedToken | Promise<DecryptedToken> {
  const segments = splitToken(token, options.maxTokenLength);
  const read = readHeader(segments.header);
  const { header } = read;
  const sealed = decodeSegments(segments);
  const key = findKey(header, options.keyRing, now);
  assertLengths(sealed, key);
  if (isNested(header)) assertNestingAccepted(options);
  if (key.alg !== 'dir') return decryptManaged(token, { header, key, options, now });

  const plaintext = decryptContent(sealed, read.additionalData, key);
  cacheHeader(read);
  return isNested(header)
    ? readNested(plaintext, { header, key, options, now })
    : readDirect(plaintext, { header, key, options });
}

/** Longest ciphertext of a token of 8192 characters, the default maximum. */
const REUSED_CIPHERTEXT_BYTES = 6144;

/** Safe to reuse: only `decryptUnderKnownKey` uses the results, and it decrypts them before it returns. */
const ivs = new SegmentDecoder(IV_BYTES);
const ciphertexts = new SegmentDecoder(REUSED_CIPHERTEXT_BYTES);
const tags = new SegmentDecoder(TAG_BYTES);

interface DecodedSegments extends SealedContent {
  readonly encryptedKeyLength: number;
}

function decodeSegments({ encryptedKey, iv, ciphertext, tag }: Segments): DecodedSegments {
  return {
    encryptedKeyLength: encryptedKey === '' ? 0 : decodeAsciiBase64url(encryptedKey).length,
    iv: ivs.decode(iv),
    ciphertext: ciphertexts.decode(ciphertext),
    tag: tags.decode(tag),
  };
}

/** One `kid`, one key, one `alg`, one `enc`: no other combination is tried. @see RFC 8725 §3.1, §3.2 */
function findKey(header: ProtectedHeader, keyRing: KeyRingInternals, now: NumericDate): ContentKey {
  const key = keyRing.decryptionKey(header.kid);
  if (key === undefined) throw new InvalidTokenError('unknown_key');
  if (key.notAfter !== undefined && key.notAfter <= now) {
    throw new InvalidTokenError('expired_key', undefined, { kid: key.kid });
  }
  if (header.alg !== key.alg || header.enc !== key.enc) {
    throw new InvalidTokenError('algorithm', undefined, { kid: key.kid, expected: [key.alg, key.enc] });
  }
  return key;
}

function assertLengths({ encryptedKeyLength, iv, tag }: DecodedSegments, key: ContentKey): void {
  const expectedLength = key.alg === 'dir' ? 0 : encryptedKeyBytes(key);
  if (encryptedKeyLength !== expectedLength) throw new InvalidTokenError('encrypted_key');
  if (iv.length !== IV_BYTES) throw new InvalidTokenError('iv_length');
  if (tag.length !== TAG_BYTES) throw new InvalidTokenError('tag_length');
}

/** `cty` is `JWT` or absent: `readHeader` rejects every other value. */
function isNested(header: ProtectedHeader): boolean {
  return header['cty'] !== undefined;
}

function assertNestingAccepted({ verification }: DecryptionOptions): void {
  if (verification !== 'unverified' && verification.size === 0) throw new InvalidTokenError('content_type');
}

/** @throws InvalidTokenError if the tag does not verify. */
export function decryptContent(sealed: SealedContent, additionalData: Uint8Array, key: DirectKey): Buffer {
  try {
    return openContent(sealed, additionalData, key);
  } catch (cause) {
    throw new InvalidTokenError('decryption', cause, { kid: key.kid });
  }
}

interface Decryption<Key extends ContentKey = ContentKey> {
  readonly header: ProtectedHeader;
  readonly key: Key;
  readonly options: DecryptionOptions;
  readonly now: NumericDate;
}

/** Reads the claims of a token under a direct key, and checks their proof of issuance if that is required. */
function readDirect(plaintext: Buffer, decryption: Omit<Decryption<DirectKey>, 'now'>): DecryptedToken {
  const { header, key, options } = decryption;
  const text = decodeClaims(plaintext);
  if (options.requiresProof === true) assertProof(text, header, key);
  // A key that was not derived has no audience and no proofs. Other stacks may use a claim named `provenance`.
  const claims = parseClaims(key.audience === undefined ? text : withoutProof(text));
  return options.requiresProof === true
    ? Object.freeze({ header, claims, key, isProven: true })
    : Object.freeze({ header, claims, key });
}

function assertProof(text: string, { kid, typ }: ProtectedHeader, { provenance }: DirectKey): void {
  if (provenance === undefined) throw new InvalidTokenError('unprovable');
  if (!hasValidProof(text, { typ, kid }, provenance)) throw new InvalidTokenError('unproven');
}

/** Anyone can encrypt to a public key, so only a nested JWS identifies the issuer. */
async function decryptManaged(token: string, decryption: Decryption<ManagedKey>): Promise<DecryptedToken> {
  const { header, key, options } = decryption;
  const { verification, requiresProof = false } = options;
  if (!isNested(header)) {
    if (isAsymmetricKey(key) && verification !== 'unverified') throw new InvalidTokenError('not_signed');
    if (requiresProof) throw new InvalidTokenError('unprovable');
  }
  const plaintext = await openManaged(token, header, key);
  if (isNested(header)) return readNested(plaintext, decryption);
  return Object.freeze({ header, claims: parseClaims(decodeClaims(plaintext)), key });
}

async function readNested(plaintext: Buffer, decryption: Decryption): Promise<DecryptedToken> {
  const { header, key, options, now } = decryption;
  const { verification } = options;
  const { claims, signedHeader } =
    verification === 'unverified'
      ? readNestedToken(plaintext)
      : await verifyNestedToken(plaintext, verification, now);
  return Object.freeze({ header, claims, key, signedHeader });
}
