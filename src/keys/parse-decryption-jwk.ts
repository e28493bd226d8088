import { createSecretKey, type KeyObject } from 'node:crypto';
import { assertKeyBytes } from './assert-key-bytes.js';
import { decodeMember } from './decode-member.js';
import type { DecryptionKey } from './decryption-key.js';
import { importKeyPair, type KeyPair, type KeyShape } from './import-key-pair.js';
import { CONTENT_KEY_BYTES } from './jwe-algorithms.js';
import { type Jwk, NO_JWK, readOperations } from './jwk.js';
import {
  type DecryptionKeyDefaults,
  type DecryptionTraits,
  readDecryptionTraits,
} from './read-decryption-traits.js';

/** Types of decryption keys by `kty`. */
const TYPES: ReadonlyMap<unknown, DecryptionKey['type']> = new Map([
  ['RSA', 'RSA'],
  ['EC', 'agreement'],
  ['OKP', 'agreement'],
  ['oct', 'secret'],
]);

const CURVES = ['P-256', 'P-384', 'P-521', 'X25519'] as const;

/** Operations that `key_ops` may contain, and those that decrypt (RFC 7517 §4.3). */
const AGREEMENT = ['deriveKey', 'deriveBits'];
const DECRYPTION = ['decrypt', 'unwrapKey'];
const ENCRYPTION = ['encrypt', 'wrapKey'];

/** Lengths of wrapping keys in bytes (RFC 7518 §4.4). */
const WRAPPING_KEY_BYTES: ReadonlyMap<unknown, number> = new Map([
  ['A128KW', 16],
  ['A192KW', 24],
  ['A256KW', 32],
]);

/**
 * Parse a private or symmetric JWK that decrypts tokens of other issuers.
 *
 * @param defaults members for a key that does not have them.
 * @throws TypeError if the key is public, weak or malformed, `alg` or `enc` is unsupported or not for this type of key,
 *   or `use` or `key_ops` forbids decryption. The message contains no key material.
 */
export function parseDecryptionJwk(jwk: Jwk, defaults: DecryptionKeyDefaults = {}): DecryptionKey {
  if (typeof jwk !== 'object' || jwk === null) throw new TypeError(NO_JWK);
  const type = TYPES.get(jwk['kty']);
  if (type === undefined)
    throw new TypeError(`kty must be one of ${[...TYPES.keys()].join(', ')}: pass a key of this type`);
  const traits = readDecryptionTraits(jwk, type, defaults);
  assertDecrypts(jwk, type);
  if (type === 'secret') return Object.freeze({ ...traits, type, secret: readSecret(jwk, traits) });
  if (type === 'RSA') {
    const { publicKey, privateKey } = requirePrivate(importKeyPair(jwk, ['RSA']));
    return Object.freeze({ ...traits, type, publicKey, privateKey });
  }
  const { shape: curve, publicKey, privateKey } = requirePrivate(importKeyPair(jwk, CURVES));
  return Object.freeze({ ...traits, type, curve, publicKey, privateKey });
}

function assertDecrypts(jwk: Jwk, type: DecryptionKey['type']): void {
  const decrypting = type === 'agreement' ? AGREEMENT : DECRYPTION;
  const known = type === 'agreement' ? AGREEMENT : [...DECRYPTION, ...ENCRYPTION];
  const allowed = readOperations(jwk, 'enc', known);
  if (allowed.some((operation) => decrypting.includes(operation))) return;
  throw new TypeError('key_ops must allow decryption: pass the private key, or remove key_ops');
}

function requirePrivate<Shape extends KeyShape>({ shape, publicKey, privateKey }: KeyPair<Shape>) {
  if (privateKey === undefined)
    throw new TypeError('a decryption key must be a private JWK, but this one is public: export it with d');
  return { shape, publicKey, privateKey };
}

function readSecret({ k }: Jwk, traits: DecryptionTraits): KeyObject {
  const bytes = decodeMember(k);
  if (bytes === undefined) throw new TypeError('k must be base64url without padding: export the JWK again');
  const lengths = lengthsFor(traits);
  if (!lengths.includes(bytes.length)) {
    throw new TypeError(
      `k must be ${lengths.join(' or ')} bytes for this alg and enc, not ${bytes.length}: generate a key of this length`,
    );
  }
  assertKeyBytes(bytes, bytes.length, 'k');
  return createSecretKey(bytes);
}

/** List the allowed lengths of a symmetric key in bytes (RFC 7518 §4.4, §4.5). */
function lengthsFor({ alg, enc }: DecryptionTraits): readonly number[] {
  const wrapping = WRAPPING_KEY_BYTES.get(alg);
  if (wrapping !== undefined) return [wrapping];
  if (alg === 'dir' && enc !== undefined) return [CONTENT_KEY_BYTES[enc]];
  return [...new Set(Object.values(CONTENT_KEY_BYTES))];
}
