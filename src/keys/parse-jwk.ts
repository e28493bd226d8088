import { createSecretKey } from 'node:crypto';
import { assertKeyBytes, ROOT_SECRET_BYTES } from './assert-key-bytes.js';
import {
  ASYMMETRIC_ALGORITHMS,
  type ContentEncryption,
  type ContentKey,
  type DirectKey,
  isAsymmetricAlgorithm,
  isContentEncryption,
  isWrappingAlgorithm,
  KEY_LENGTHS,
  WRAPPING_ALGORITHMS,
  type WrappingAlgorithm,
  type WrappingKey,
} from './content-key.js';
import { decodeMember } from './decode-member.js';
import { deriveKid, type RootKey } from './derive-content-key.js';
import { assertKid, type Jwk, NO_JWK, readAudience, readKid, readOperations, readPeriod } from './jwk.js';
import { parseAsymmetricJwk, readEncryption } from './parse-asymmetric-jwk.js';

export { assertKid, type Jwk, type JwkSet } from './jwk.js';

/** Element of a key ring: a root, from which keys are derived, or an underived key, which is used as is. */
export type KeyMaterial =
  | { readonly kind: 'root'; readonly root: RootKey }
  | { readonly kind: 'key'; readonly key: ContentKey };

/** Allowed values of `alg` in a JWK. */
const ALGORITHMS = ['dir', ...Object.keys(KEY_LENGTHS), ...WRAPPING_ALGORITHMS, ...ASYMMETRIC_ALGORITHMS];

/** Length of a wrapping key in bytes. */
const WRAPPING_KEY_BYTES = 32;

/**
 * Parse a JWK. A symmetric JWK with `key_ops: ["deriveKey"]` is a root. Any other JWK is a key that is used as is,
 * with the algorithm in `alg` only.
 *
 * @throws TypeError if `alg` is not allowed, the key does not match `alg` or is weak, or `kid`, `use` or
 *   `key_ops` is invalid (RFC 7517 §4).
 */
export function parseJwk(jwk: Jwk): KeyMaterial {
  if (typeof jwk !== 'object' || jwk === null) throw new TypeError(NO_JWK);
  if (isRoot(jwk)) return { kind: 'root', root: readRoot(jwk) };
  const { alg } = jwk;
  if (isAsymmetricAlgorithm(alg)) return { kind: 'key', key: parseAsymmetricJwk(jwk, alg) };
  const key = isWrappingAlgorithm(alg) ? readWrappingKey(jwk, alg) : readDirectKey(jwk);
  return { kind: 'key', key };
}

/** Whether a JWK is a root. Check `kty` too, because private ECDH keys also have `deriveKey`. */
function isRoot(jwk: Jwk): boolean {
  return jwk['kty'] === 'oct' && Array.isArray(jwk['key_ops']) && jwk['key_ops'].includes('deriveKey');
}

function readRoot(jwk: Jwk): RootKey {
  const keyOps = jwk['key_ops'];
  if (!Array.isArray(keyOps) || keyOps.length !== 1 || jwk['use'] !== undefined || jwk['alg'] !== undefined) {
    throw new TypeError('a root (key_ops "deriveKey") must not have other key_ops, use or alg: remove them');
  }
  const bytes = decodeKey(jwk);
  assertKeyBytes(bytes, ROOT_SECRET_BYTES, 'the root secret');
  const secret = createSecretKey(bytes);
  const kid = jwk['kid'] ?? deriveKid(secret);
  assertKid(kid);
  return { kid, ...readPeriod(jwk), secret };
}

function readDirectKey(jwk: Jwk): DirectKey {
  const { alg, enc: expected } = jwk;
  if (!isContentEncryption(alg) && alg !== 'dir') {
    throw new TypeError(`alg must be one of ${ALGORITHMS.join(', ')}: set the algorithm of the JWK`);
  }
  const bytes = decodeKey(jwk);
  const enc = alg === 'dir' ? chooseEncryption(bytes.length) : alg;
  if (expected !== undefined && expected !== enc) {
    throw new TypeError(`enc must be ${enc}, to match alg or the length of k: correct or remove enc`);
  }
  assertKeyBytes(bytes, KEY_LENGTHS[enc], `the key for ${enc}`);
  const traits = readTraits(jwk, ['encrypt', 'decrypt']);
  return Object.freeze({ ...traits, alg: 'dir', enc, secret: createSecretKey(bytes) });
}

/**
 * Read a wrapping key. For AES-GCM, WebCrypto exports `encrypt` and `decrypt` instead of the operations in RFC 7517
 * §4.3.
 */
function readWrappingKey(jwk: Jwk, alg: WrappingAlgorithm): WrappingKey {
  const bytes = decodeKey(jwk);
  assertKeyBytes(bytes, WRAPPING_KEY_BYTES, `the key for ${alg}`);
  const traits = readTraits(jwk, [
    ...['wrapKey', 'unwrapKey'],
    ...(alg === 'A256GCMKW' ? ['encrypt', 'decrypt'] : []),
  ]);
  return Object.freeze({ ...traits, alg, enc: readEncryption(jwk), secret: createSecretKey(bytes) });
}

/** Read the traits of a symmetric key. It must allow decryption, and encrypts unless `key_ops` forbids it. */
function readTraits(jwk: Jwk, operations: readonly string[]) {
  const kid = readKid(jwk);
  const allowed = readOperations(jwk, 'enc', operations);
  if (!allowed.includes('decrypt') && !allowed.includes('unwrapKey')) {
    throw new TypeError('key_ops must allow decryption: add the operation, or remove key_ops');
  }
  const encrypts = allowed.includes('encrypt') || allowed.includes('wrapKey');
  return { kid, purpose: 'access', ...readAudience(jwk), ...readPeriod(jwk), encrypts } as const;
}

/** Choose the content encryption algorithm for `alg` "dir" by the key length in bytes. */
function chooseEncryption(length: number): ContentEncryption {
  for (const enc of Object.keys(KEY_LENGTHS)) {
    if (isContentEncryption(enc) && KEY_LENGTHS[enc] === length) return enc;
  }
  throw new TypeError('k must be 16, 24 or 32 bytes for alg "dir": generate a key of this length');
}

function decodeKey({ kty, k }: Jwk): Buffer {
  if (kty !== 'oct')
    throw new TypeError('kty must be "oct" for this alg: pass a symmetric key, or correct alg');
  const bytes = decodeMember(k);
  if (bytes === undefined || bytes.length === 0) {
    throw new TypeError('k must be base64url without padding: export the JWK again');
  }
  return bytes;
}
