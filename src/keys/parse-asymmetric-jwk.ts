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
 * Reads a JWK for public-key encryption: a public one encrypts, a private one decrypts, and encrypts too where its
 * `key_ops` do not forbid it.
 * @throws TypeError for a key type or curve that does not fit the algorithm, a weak key, a malformed `kid`, `aud`,
 *   `exp` or `enc`, or `use` and `key_ops` that forbid what it is for.
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
 * `enc`, a member of our own: the one content encryption that the key is used with.
 * @throws TypeError for one off the allow-list.
 */
export function readEncryption({ enc = DEFAULT_ENCRYPTION }: Jwk): ContentEncryption {
  if (isContentEncryption(enc)) return enc;
  throw new TypeError('enc of a JWK must be A256GCM, A192GCM or A128GCM');
}

/** Key agreement has no operation for the public half: WebCrypto exports it with an empty `key_ops`. */
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
