import {
  AGREEMENT_CURVES,
  type AsymmetricAlgorithm,
  type AsymmetricKey,
  type ContentEncryption,
  DEFAULT_ENCRYPTION,
  isContentEncryption,
} from './content-key.js';
import { importKeyPair } from './import-key-pair.js';
import { type Jwk, readAudience, readKid, readOperations, readPeriod } from './jwk.js';

const OPERATIONS: Readonly<Record<AsymmetricAlgorithm, readonly string[]>> = {
  'RSA-OAEP-256': ['encrypt', 'wrapKey', 'decrypt', 'unwrapKey'],
  'ECDH-ES': ['deriveKey', 'deriveBits'],
  'ECDH-ES+A256KW': ['deriveKey', 'deriveBits'],
};

/**
 * Parse a JWK for public-key encryption. A public key encrypts. A private key decrypts, and also encrypts unless its
 * `key_ops` forbid it.
 *
 * @throws TypeError if the key does not match `alg` or is weak, `kid`, `aud`, `nbf`, `exp` or `enc` is malformed, or
 *   `use` or `key_ops` forbids the purpose.
 */
export function parseAsymmetricJwk(jwk: Jwk, alg: AsymmetricAlgorithm): AsymmetricKey {
  const traits = {
    kid: readKid(jwk),
    enc: readEncryption(jwk),
    purpose: 'access',
    ...readAudience(jwk),
    ...readPeriod(jwk),
  } as const;
  if (alg === 'RSA-OAEP-256') {
    const { publicKey, privateKey } = importKeyPair(jwk, ['RSA']);
    const { encrypts } = readUses(jwk, alg, privateKey !== undefined);
    return Object.freeze({ ...traits, alg, encrypts, publicKey, ...(privateKey && { privateKey }) });
  }
  const { shape: curve, publicKey, privateKey } = importKeyPair(jwk, AGREEMENT_CURVES);
  const { encrypts } = readUses(jwk, alg, privateKey !== undefined);
  return Object.freeze({ ...traits, alg, curve, encrypts, publicKey, ...(privateKey && { privateKey }) });
}

/**
 * Read `enc` of a JWK, a private member: the content encryption algorithm for the key. Defaults to `A256GCM`.
 *
 * @throws TypeError if the algorithm is not allowed.
 */
export function readEncryption({ enc = DEFAULT_ENCRYPTION }: Jwk): ContentEncryption {
  if (isContentEncryption(enc)) return enc;
  throw new TypeError('enc must be "A256GCM", "A192GCM" or "A128GCM": correct enc of the JWK, or remove it');
}

/**
 * Read `key_ops`. For key agreement, a public key needs no operation: WebCrypto exports it with an empty `key_ops`.
 */
function readUses(jwk: Jwk, alg: AsymmetricAlgorithm, isPrivate: boolean): { encrypts: boolean } {
  const operations = readOperations(jwk, 'enc', OPERATIONS[alg]);
  const allows = (...names: readonly string[]) => names.some((name) => operations.includes(name));
  const encrypts = alg !== 'RSA-OAEP-256' || allows('encrypt', 'wrapKey');
  const decrypts = allows('decrypt', 'unwrapKey', 'deriveKey', 'deriveBits');
  if (!(isPrivate ? decrypts : encrypts)) {
    throw new TypeError(
      `key_ops must allow ${isPrivate ? 'decryption' : 'encryption'}: add the operation, or remove key_ops`,
    );
  }
  return { encrypts };
}
