import { createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { InvalidTokenError } from '../base/errors.js';
import { isJsonObject, type JsonObject } from '../base/json.js';
import { decodeMember } from '../keys/decode-member.js';
import type { AgreementDecryptionKey, DecryptionCurve } from '../keys/decryption-key.js';
import { findPointFault } from '../keys/find-point-fault.js';
import { concatKdf } from './concat-kdf.js';

const NO_PARTY = Buffer.alloc(0);

/**
 * Read the header parameters of ECDH-ES. `epk` must be a point on the curve of the key, and not of small order.
 *
 * @returns a function that derives the key. The function throws if the key agreement fails.
 * @throws InvalidTokenError if `epk`, `apu` or `apv` is malformed.
 * @see RFC 7518 §4.6.1
 */
export function agreeOnKey(
  { epk, apu, apv }: JsonObject,
  { privateKey, curve }: Pick<AgreementDecryptionKey, 'privateKey' | 'curve'>,
): (algorithm: string, bytes: number) => Buffer {
  const readPublicKey = readEphemeralKey(epk, curve);
  const [partyU, partyV] = [readParty(apu), readParty(apv)];
  return (algorithm, bytes) => {
    const secret = diffieHellman({ privateKey, publicKey: readPublicKey() });
    return concatKdf(secret, { algorithm, bytes, partyU, partyV });
  };
}

function readEphemeralKey(epk: unknown, curve: DecryptionCurve): () => KeyObject {
  const kty = curve === 'X25519' ? 'OKP' : 'EC';
  if (!isJsonObject(epk) || epk['kty'] !== kty || epk['crv'] !== curve || epk['d'] !== undefined) {
    throw new InvalidTokenError('header_invalid_member');
  }
  if (findPointFault(curve, epk) !== undefined) throw new InvalidTokenError('header_invalid_member');
  const { x, y } = epk;
  const key =
    kty === 'EC' ? { kty, crv: curve, x: String(x), y: String(y) } : { kty, crv: curve, x: String(x) };
  return () => createPublicKey({ key, format: 'jwk' });
}

function readParty(value: unknown): Buffer {
  if (value === undefined) return NO_PARTY;
  const bytes = decodeMember(value);
  if (bytes === undefined) throw new InvalidTokenError('header_invalid_member');
  return bytes;
}
