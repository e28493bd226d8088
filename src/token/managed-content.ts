import { InvalidTokenError } from '../base/errors.js';
import { isJsonObject, type JsonObject } from '../base/json.js';
import type { AgreementCurve, AsymmetricKey, WrappingKey } from '../keys/content-key.js';
import { decodeMember } from '../keys/decode-member.js';
import { findPointFault } from '../keys/find-point-fault.js';
import { IV_BYTES, TAG_BYTES } from './aes-gcm.js';
import { loadJose } from './load-jose.js';

/** A key under which every token has a content encryption key of its own. */
export type ManagedKey = WrappingKey | AsymmetricKey;

/**
 * Encrypts by jose. The members that the algorithm needs, such as `epk`, join the protected header.
 * @returns the compact serialization.
 */
export async function sealManaged(plaintext: string, header: JsonObject, key: ManagedKey): Promise<string> {
  const { alg, enc } = key;
  const { CompactEncrypt } = await loadJose();
  return new CompactEncrypt(Buffer.from(plaintext))
    .setProtectedHeader({ ...header, alg, enc })
    .encrypt('publicKey' in key ? key.publicKey : key.secret);
}

/**
 * Decrypts by jose, under the one `alg` and `enc` of the key, which the header was found to name.
 * @throws InvalidTokenError (as rejection) for a key without a private half, members of the algorithm that cannot be
 *   right, and what does not decrypt; jose tells no failed unwrapping from a wrong tag (RFC 7516 section 11.5).
 */
export async function openManaged(token: string, header: JsonObject, key: ManagedKey): Promise<Buffer> {
  const opener = 'publicKey' in key ? key.privateKey : key.secret;
  if (opener === undefined) throw new InvalidTokenError('encryption_only');
  if (!hasMembersOf(key, header)) throw new InvalidTokenError('header_invalid_member');
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

/**
 * Checks the members that the algorithm reads, before anything is decrypted: `epk` is a point on the curve of the key
 * and not of small order (RFC 7518 §4.6.1.1), and every binary member is canonical base64url (RFC 7518 §4.6.1.2,
 * §4.6.1.3 and §4.7.1).
 */
function hasMembersOf(key: ManagedKey, { epk, apu, apv, iv, tag }: JsonObject): boolean {
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
