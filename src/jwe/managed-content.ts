import { CompactEncrypt, compactDecrypt } from 'jose';
import { isJsonObject, type JsonObject } from '../claims/json.js';
import { InvalidTokenError } from '../errors.js';
import type { AsymmetricKey, WrappingKey } from '../keys/content-key.js';
import { TAG_BYTES } from './aes-gcm.js';

/** A key under which every token has a content encryption key of its own. */
export type ManagedKey = WrappingKey | AsymmetricKey;

/** 96 bits in base64url (RFC 7518 section 4.7.1.1). */
const IV_LENGTH = 16;

/** 128 bits in base64url (RFC 7518 section 4.7.1.2). */
const TAG_LENGTH = Math.ceil((TAG_BYTES * 4) / 3);

/**
 * Encrypts by jose. The members that the algorithm needs, such as `epk`, join the protected header.
 * @returns the compact serialization.
 */
export function sealManaged(plaintext: string, header: JsonObject, key: ManagedKey): Promise<string> {
  const { alg, enc } = key;
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
 * `epk` on the curve of the key (RFC 7518 section 4.6.1.1); whether it is a point of that curve is for jose. `apu` and
 * `apv` are taken, since they only enter the derivation; tokens of ours have none.
 */
function hasMembersOf(key: ManagedKey, { epk, iv, tag }: JsonObject): boolean {
  switch (key.alg) {
    case 'RSA-OAEP-256':
    case 'A256KW':
      return true;
    case 'A256GCMKW':
      return isText(iv, IV_LENGTH) && isText(tag, TAG_LENGTH);
    case 'ECDH-ES':
    case 'ECDH-ES+A256KW': {
      const kty = key.curve === 'X25519' ? 'OKP' : 'EC';
      return isJsonObject(epk) && epk['kty'] === kty && epk['crv'] === key.curve && epk['d'] === undefined;
    }
  }
}

function isText(value: unknown, length: number): boolean {
  return typeof value === 'string' && value.length === length;
}
