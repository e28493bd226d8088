import type { NumericDate } from '../base/clock.js';
import { InvalidTokenError } from '../base/errors.js';
import { isThenable } from '../base/is-thenable.js';
import type { JsonObject } from '../base/json.js';
import { type ContentKey, type DirectKey, isAsymmetricKey } from '../keys/content-key.js';
import type { KeyRingInternals } from '../keys/key-ring-internals.js';
import type { Verification } from '../keys/resolve-verification.js';
import { IV_BYTES, openAesGcm, type SealedContent, TAG_BYTES } from './aes-gcm.js';
import { decodeClaims, parseClaims } from './claims/parse-claims.js';
import { decodeAsciiBase64url, SegmentDecoder, type Segments, splitToken } from './compact-serialization.js';
import { encryptedKeyBytes } from './encrypted-key-bytes.js';
import { type ManagedKey, openManaged } from './managed-content.js';
import { hasValidProof, withoutProof } from './proof-of-issuance.js';
import { cacheHeader, type ProtectedHeader, type ReadHeader, readHeader } from './protected-header.js';
import { readNestedToken, type SignedClaims, verifyNestedToken } from './verify-nested-token.js';

/** Keys, limits and checks for decrypting tokens. */
export interface DecryptionOptions {
  readonly keyRing: KeyRingInternals;
  /** Maximum token length in characters. Longer tokens are rejected without parsing. */
  readonly maxTokenLength: number;
  /**
   * Verification keys for nested tokens, by issuer. `unverified` skips the signature check. Use it only to inspect or
   * revoke tokens, never to accept them.
   */
  readonly verification: Verification | 'unverified';
  /**
   * Whether to require a proof of issuance: a MAC under a key that is never exported, or the signature of a nested JWS.
   * An exported access key cannot create either proof.
   *
   * @default false
   */
  readonly requiresProof?: boolean;
}

/** Token with a valid tag. The claims are not validated yet. Deeply frozen. */
export interface DecryptedToken {
  readonly header: ProtectedHeader;
  readonly claims: JsonObject;
  readonly key: ContentKey;
  /** Header of the nested JWS. Absent if there is no nested JWS. */
  readonly signedHeader?: JsonObject;
  /** Whether the MAC of the proof of issuance is valid. Absent if the MAC was not checked. */
  readonly isProven?: true;
}

/**
 * Decrypt a JWE in compact serialization, verify a nested JWS and parse the claims.
 *
 * `kid` selects the key. If the key is unknown, the key ring is reloaded once. Returns a promise only for such a reload,
 * and if the lookup of a verification key returns one.
 *
 * @throws InvalidTokenError (or as rejection) if the token is rejected. `reason` is for the audit log only.
 * @throws TemporarilyUnavailableError (or as rejection) if a decryption key or a verification key cannot be looked up.
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

/** Distinguish a token of another audience or environment from one under an unrelated key. The response is the same. */
function explainUnknownKey(token: string, options: DecryptionOptions): InvalidTokenError | undefined {
  const { kid } = readHeader(splitToken(token, options.maxTokenLength).header).header;
  const foreign = options.keyRing.recognizeKid(kid);
  return foreign && new InvalidTokenError(foreign.reason, undefined, { kid, ...foreign.detail });
}

/**
 * Whether an accepted token has a proof of issuance, for the audit log. Synchronous.
 *
 * @param token accepted token. The signature of a nested JWS is therefore valid.
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
  if (key.alg !== 'dir') return decryptManaged(sealed, read, { header, key, options, now });

  const plaintext = decryptContent(sealed, read.additionalData, key);
  cacheHeader(read);
  return isNested(header)
    ? readNested(plaintext, { header, key, options, now })
    : readDirect(plaintext, { header, key, options });
}

/** Maximum ciphertext length in bytes for a token of 8192 characters, the default `maxTokenLength`. */
const REUSED_CIPHERTEXT_BYTES = 6144;

/** Reused decoders. Reuse is safe, because `decryptUnderKnownKey` decrypts each result before it returns. */
const ivs = new SegmentDecoder(IV_BYTES);
const ciphertexts = new SegmentDecoder(REUSED_CIPHERTEXT_BYTES);
const tags = new SegmentDecoder(TAG_BYTES);

interface DecodedSegments extends SealedContent {
  readonly encryptedKey: Buffer;
}

const NO_KEY = Buffer.alloc(0);

function decodeSegments({ encryptedKey, iv, ciphertext, tag }: Segments): DecodedSegments {
  return {
    encryptedKey: encryptedKey === '' ? NO_KEY : decodeAsciiBase64url(encryptedKey),
    iv: ivs.decode(iv),
    ciphertext: ciphertexts.decode(ciphertext),
    tag: tags.decode(tag),
  };
}

/** Find the only key for a `kid`, which has exactly one `alg` and one `enc`. @see RFC 8725 §3.1, §3.2 */
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

function assertLengths({ encryptedKey, iv, tag }: DecodedSegments, key: ContentKey): void {
  const rsaKey = key.alg === 'RSA-OAEP-256' ? key.publicKey : undefined;
  const expectedLength = key.alg === 'dir' ? 0 : encryptedKeyBytes(key.alg, key.enc, rsaKey);
  if (encryptedKey.length !== expectedLength) throw new InvalidTokenError('encrypted_key');
  if (iv.length !== IV_BYTES) throw new InvalidTokenError('iv_length');
  if (tag.length !== TAG_BYTES) throw new InvalidTokenError('tag_length');
}

/** Whether a token contains a nested JWS. `readHeader` rejects every `cty` other than `JWT`. */
function isNested(header: ProtectedHeader): boolean {
  return header['cty'] !== undefined;
}

function assertNestingAccepted({ verification }: DecryptionOptions): void {
  if (verification !== 'unverified' && verification.size === 0) throw new InvalidTokenError('content_type');
}

/** Decrypt the ciphertext of a token. @throws InvalidTokenError if the tag is invalid. */
export function decryptContent(sealed: SealedContent, additionalData: Uint8Array, key: DirectKey): Buffer {
  try {
    return openAesGcm(key.enc, sealed, additionalData, key.secret);
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

/** Parse the claims of a directly encrypted token, and check the proof of issuance if one is required. */
function readDirect(plaintext: Buffer, decryption: Omit<Decryption<DirectKey>, 'now'>): DecryptedToken {
  const { header, key, options } = decryption;
  const text = decodeClaims(plaintext);
  if (options.requiresProof === true) assertProof(text, header, key);
  // Only derived keys have an audience and proofs. Under other keys, `provenance` may be a claim from another stack.
  const claims = parseClaims(key.audience === undefined ? text : withoutProof(text));
  return options.requiresProof === true
    ? Object.freeze({ header, claims, key, isProven: true })
    : Object.freeze({ header, claims, key });
}

function assertProof(text: string, { kid, typ }: ProtectedHeader, { provenance }: DirectKey): void {
  if (provenance === undefined) throw new InvalidTokenError('unprovable');
  if (!hasValidProof(text, { typ, kid }, provenance)) throw new InvalidTokenError('unproven');
}

/** Decrypt under an unwrapped key. Anyone can encrypt to a public key, so only a nested JWS identifies the issuer. */
function decryptManaged(
  sealed: DecodedSegments,
  { additionalData }: ReadHeader,
  decryption: Decryption<ManagedKey>,
): DecryptedToken | Promise<DecryptedToken> {
  const { header, key, options } = decryption;
  const { verification, requiresProof = false } = options;
  if (!isNested(header)) {
    if (isAsymmetricKey(key) && verification !== 'unverified') throw new InvalidTokenError('not_signed');
    if (requiresProof) throw new InvalidTokenError('unprovable');
  }
  const { encryptedKey } = sealed;
  const plaintext = openManaged({ header, encryptedKey, sealed, additionalData }, key);
  if (isNested(header)) return readNested(plaintext, decryption);
  return Object.freeze({ header, claims: parseClaims(decodeClaims(plaintext)), key });
}

function readNested(plaintext: Buffer, decryption: Decryption): DecryptedToken | Promise<DecryptedToken> {
  const { header, key, options, now } = decryption;
  const { verification } = options;
  const complete = ({ claims, signedHeader }: SignedClaims): DecryptedToken =>
    Object.freeze({ header, claims, key, signedHeader });
  if (verification === 'unverified') return complete(readNestedToken(plaintext));
  const verified = verifyNestedToken(plaintext, verification, now);
  return isThenable(verified) ? verified.then(complete) : complete(verified);
}
