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
 * Parses a JWK for public-key encryption. A public key encrypts. A private key decrypts, and also encrypts unless its
 * `key_ops` forbid it.
 *
 * @throws TypeError if the key type or curve does not fit the algorithm, the key is weak, `kid`, `aud`, `exp` or `enc`
 *   is malformed, or `use` or `key_ops` forbids the purpose.
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
 * Reads `enc`, which is not a registered member: the only content encryption algorithm of the key.
 *
 * @throws TypeError if it is not on the allow-list.
 */
export function readEncryption({ enc = DEFAULT_ENCRYPTION }: Jwk): ContentEncryption {
  if (isContentEncryption(enc)) return enc;
  throw new TypeError('enc of a JWK must be A256GCM, A192GCM or A128GCM');
}

/** Key agreement has no operation for the public key: WebCrypto exports it with an empty `key_ops`. */
function readUses(jwk: Jwk, alg: AsymmetricAlgorithm, isPrivate: boolean): { encrypts: boolean } {
  const operations = readOperations(jwk, 'enc', OPERATIONS[alg]);
  const allows = (...names: readonly string[]) => names.some((name) => operations.includes(name));
  const encrypts = alg !== 'RSA-OAEP-256' || allows('encrypt', 'wrapKey');
  const decrypts = allows('decrypt', 'unwrapKey', 'deriveKey', 'deriveBits');
  if (!(isPrivate ? decrypts : encrypts)) {
    throw new TypeError(`key_ops of this JWK do not allow ${isPrivate ? 'decrypt' : 'encrypt'}`);
  }
  return { encrypts };
}
