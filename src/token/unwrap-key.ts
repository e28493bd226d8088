import { constants, createDecipheriv, type KeyObject, privateDecrypt, randomBytes } from 'node:crypto';
import { InvalidTokenError } from '../base/errors.js';
import type { JsonObject } from '../base/json.js';
import { decodeMember } from '../keys/decode-member.js';
import type {
  AgreementDecryptionKey,
  RsaDecryptionKey,
  SecretDecryptionKey,
} from '../keys/decryption-key.js';
import { CONTENT_KEY_BYTES, type ContentEncryptionAlgorithm } from '../keys/jwe-algorithms.js';
import { IV_BYTES, openAesGcm, TAG_BYTES } from './aes-gcm.js';
import { agreeOnKey } from './agree-on-key.js';
import { encryptedKeyBytes, type TokenKeyManagement } from './encrypted-key-bytes.js';

/** Members of a decryption key that unwrap a content encryption key. */
export type UnwrappingKey =
  | Pick<SecretDecryptionKey, 'type' | 'secret'>
  | Pick<RsaDecryptionKey, 'type' | 'privateKey'>
  | Pick<AgreementDecryptionKey, 'type' | 'privateKey' | 'curve'>;

/** Encrypted key of a token, with the algorithms and header parameters that apply to it. */
export interface WrappedKey {
  readonly alg: TokenKeyManagement;
  readonly enc: ContentEncryptionAlgorithm;
  readonly key: UnwrappingKey;
  /** Protected header, for `epk`, `apu` and `apv`, or for `iv` and `tag`. */
  readonly header: JsonObject;
  /** Decoded second segment of the token. */
  readonly encryptedKey: Uint8Array;
}

/** AES key wrap with the default initial value of RFC 3394 §2.2.3.1. */
const WRAP_CIPHERS = {
  A128KW: 'id-aes128-wrap',
  A192KW: 'id-aes192-wrap',
  A256KW: 'id-aes256-wrap',
} as const;
const WRAP_IV = Buffer.alloc(8, 0xa6);

type KeyWrap = keyof typeof WRAP_CIPHERS;

/** Key lengths of AES key wrap in bytes. */
const WRAP_KEY_BYTES = { A128KW: 16, A192KW: 24, A256KW: 32 } as const satisfies Record<KeyWrap, number>;

/** Hashes of RSA-OAEP and of its MGF1 (RFC 7518 §4.3, RFC 8017 §7.1). */
const OAEP_HASHES: ReadonlyMap<TokenKeyManagement, string> = new Map([
  ['RSA-OAEP', 'sha1'],
  ['RSA-OAEP-256', 'sha256'],
  ['RSA-OAEP-384', 'sha384'],
  ['RSA-OAEP-512', 'sha512'],
]);

const AGREED_WRAPS: ReadonlyMap<TokenKeyManagement, KeyWrap | undefined> = new Map([
  ['ECDH-ES', undefined],
  ['ECDH-ES+A128KW', 'A128KW'],
  ['ECDH-ES+A192KW', 'A192KW'],
  ['ECDH-ES+A256KW', 'A256KW'],
]);

/**
 * Determine the content encryption key of a token.
 *
 * If unwrapping fails, or the key has the wrong length for `enc`, the result is a random key. Content decryption then
 * fails as if the ciphertext had been altered, so the failure reveals nothing about the encrypted key.
 *
 * @returns the content encryption key, or the shared secret itself for `dir`.
 * @throws InvalidTokenError if the encrypted key has the wrong length, a header parameter of `alg` is malformed, or
 *   `alg` requires a key of a different type.
 * @see RFC 7516 §5.2 steps 6 to 10, §11.5
 */
export function unwrapKey(wrapped: WrappedKey): KeyObject | Uint8Array {
  const { alg, enc, key, encryptedKey } = wrapped;
  const rsaKey = key.type === 'RSA' ? key.privateKey : undefined;
  if (encryptedKey.length !== encryptedKeyBytes(alg, enc, rsaKey))
    throw new InvalidTokenError('encrypted_key');
  const unwrap = prepareUnwrapping(wrapped);
  const bytes = CONTENT_KEY_BYTES[enc];
  // Drawn in advance for RSA, so that a failure takes no longer.
  const substitute = rsaKey && randomBytes(bytes);
  try {
    const contentKey = unwrap();
    if (byteLengthOf(contentKey) === bytes) return contentKey;
  } catch {
    // Continues as for a key of the wrong length.
  }
  return substitute ?? randomBytes(bytes);
}

/** Validate the header parameters. @returns a function that unwraps the key, and throws if this fails. */
function prepareUnwrapping(wrapped: WrappedKey): () => KeyObject | Uint8Array {
  const { key } = wrapped;
  switch (key.type) {
    case 'secret':
      return prepareSecret(wrapped, key.secret);
    case 'RSA':
      return prepareRsa(wrapped, key.privateKey);
    case 'agreement':
      return prepareAgreement(wrapped, key);
  }
}

function prepareSecret({ alg, header, encryptedKey }: WrappedKey, secret: KeyObject) {
  if (alg === 'dir') return () => secret;
  if (alg === 'A256GCMKW') return prepareGcmUnwrapping(header, encryptedKey, secret);
  if (!isKeyWrap(alg)) throw new InvalidTokenError('algorithm');
  return () => unwrapAes(alg, secret, encryptedKey);
}

function prepareRsa({ alg, encryptedKey }: WrappedKey, key: KeyObject) {
  const oaepHash = OAEP_HASHES.get(alg);
  if (oaepHash === undefined) throw new InvalidTokenError('algorithm');
  return () => privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, encryptedKey);
}

function prepareAgreement(
  { alg, enc, header, encryptedKey }: WrappedKey,
  key: Pick<AgreementDecryptionKey, 'privateKey' | 'curve'>,
) {
  if (!AGREED_WRAPS.has(alg)) throw new InvalidTokenError('algorithm');
  const derive = agreeOnKey(header, key);
  const wrap = AGREED_WRAPS.get(alg);
  if (wrap === undefined) return () => derive(enc, CONTENT_KEY_BYTES[enc]);
  return () => unwrapAes(wrap, derive(alg, WRAP_KEY_BYTES[wrap]), encryptedKey);
}

/** Unwrap with AES-GCM (RFC 7518 §4.7). `iv` and `tag` must be canonical base64url of full length. */
function prepareGcmUnwrapping({ iv, tag }: JsonObject, ciphertext: Uint8Array, secret: KeyObject) {
  const sealed = { iv: decodeMember(iv), ciphertext, tag: decodeMember(tag) };
  if (sealed.iv?.length !== IV_BYTES || sealed.tag?.length !== TAG_BYTES) {
    throw new InvalidTokenError('header_invalid_member');
  }
  const { iv: nonce, tag: mac } = sealed;
  return () => openAesGcm('A256GCM', { iv: nonce, ciphertext, tag: mac }, NO_DATA, secret);
}

const NO_DATA = Buffer.alloc(0);

/** Unwrap with AES key wrap (RFC 7518 §4.4). @throws Error from `node:crypto` if the integrity check fails. */
function unwrapAes(wrap: KeyWrap, key: KeyObject | Uint8Array, encryptedKey: Uint8Array): Buffer {
  const decipher = createDecipheriv(WRAP_CIPHERS[wrap], key, WRAP_IV);
  const contentKey = decipher.update(encryptedKey);
  decipher.final();
  return contentKey;
}

function isKeyWrap(alg: TokenKeyManagement): alg is KeyWrap {
  return Object.hasOwn(WRAP_CIPHERS, alg);
}

function byteLengthOf(key: KeyObject | Uint8Array): number | undefined {
  return key instanceof Uint8Array ? key.length : key.symmetricKeySize;
}
