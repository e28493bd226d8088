import { InvalidTokenError } from '../base/errors.js';
import { isJsonObject, type JsonObject } from '../base/json.js';
import {
  type AgreementCurve,
  type AsymmetricKey,
  KEY_LENGTHS,
  type WrappingKey,
} from '../keys/content-key.js';
import { decodeMember } from '../keys/decode-member.js';
import { findPointFault } from '../keys/find-point-fault.js';
import { IV_BYTES, TAG_BYTES } from './aes-gcm.js';
import { loadJose } from './load-jose.js';

/** Key that wraps or agrees on a content encryption key for each token. */
export type ManagedKey = WrappingKey | AsymmetricKey;

/** Overhead of AES key wrap in bytes. @see RFC 3394 §2.2.1 */
const KEY_WRAP_BYTES = 8;

/**
 * Encrypt with jose, which adds the header parameters of the algorithm, such as `epk`.
 *
 * @returns a JWE in compact serialization.
 */
export async function sealManaged(plaintext: string, header: JsonObject, key: ManagedKey): Promise<string> {
  const { alg, enc } = key;
  const { CompactEncrypt } = await loadJose();
  return new CompactEncrypt(Buffer.from(plaintext))
    .setProtectedHeader({ ...header, alg, enc })
    .encrypt('publicKey' in key ? key.publicKey : key.secret);
}

/**
 * Decrypt with jose. The header must contain the `alg` and `enc` of the key.
 *
 * @throws InvalidTokenError (as rejection) if the private key is missing, a header parameter is malformed or decryption
 *   fails. jose does not reveal whether key unwrapping or the tag check failed (RFC 7516 §11.5).
 */
export async function openManaged(token: string, header: JsonObject, key: ManagedKey): Promise<Buffer> {
  const opener = 'publicKey' in key ? key.privateKey : key.secret;
  if (opener === undefined) throw new InvalidTokenError('encryption_only');
  if (!hasParametersOf(key, header)) throw new InvalidTokenError('header_invalid_member');
  const { compactDecrypt } = await loadJose();
  try {
    const { plaintext } = await compactDecrypt(token, opener, {
      keyManagementAlgorithms: [key.alg],
      contentEncryptionAlgorithms: [key.enc],
    });
    return Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length);
  } catch (cause) {
    throw new InvalidTokenError('decryption', cause);
  }
}

/** Return the length in bytes of the encrypted key in a token. The key determines this length. @see RFC 7516 §5.1 */
export function encryptedKeyBytes(key: ManagedKey): number {
  switch (key.alg) {
    case 'ECDH-ES':
      return 0;
    case 'RSA-OAEP-256':
      return Math.ceil((key.publicKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
    case 'A256GCMKW':
      return KEY_LENGTHS[key.enc];
    case 'A256KW':
    case 'ECDH-ES+A256KW':
      return KEY_LENGTHS[key.enc] + KEY_WRAP_BYTES;
  }
}

/**
 * Whether the header parameters of the algorithm are valid.
 *
 * `epk` must be a point on the curve of the key, and not of small order (RFC 7518 §4.6.1.1). Binary parameters must be
 * canonical base64url (RFC 7518 §4.6.1.2, §4.6.1.3 and §4.7.1).
 */
function hasParametersOf(key: ManagedKey, { epk, apu, apv, iv, tag }: JsonObject): boolean {
  switch (key.alg) {
    case 'RSA-OAEP-256':
    case 'A256KW':
      return true;
    case 'A256GCMKW':
      return decodeMember(iv)?.length === IV_BYTES && decodeMember(tag)?.length === TAG_BYTES;
    case 'ECDH-ES':
    case 'ECDH-ES+A256KW':
      return isEphemeralKey(epk, key.curve) && isPartyInfo(apu) && isPartyInfo(apv);
  }
}

function isEphemeralKey(epk: unknown, curve: AgreementCurve): boolean {
  const kty = curve === 'X25519' ? 'OKP' : 'EC';
  if (!isJsonObject(epk) || epk['kty'] !== kty || epk['crv'] !== curve || epk['d'] !== undefined)
    return false;
  return findPointFault(curve, epk) === undefined;
}

function isPartyInfo(value: unknown): boolean {
  return value === undefined || decodeMember(value) !== undefined;
}
