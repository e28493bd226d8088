import { createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { InvalidTokenError } from '../base/errors.js';
import { isJsonObject, type JsonObject } from '../base/json.js';
import { decodeMember } from '../keys/decode-member.js';
import type { AgreementDecryptionKey, DecryptionCurve } from '../keys/decryption-key.js';
import { findPointFault } from '../keys/find-point-fault.js';
import { concatKdf } from './concat-kdf.js';

/** Members of private keys and of keys of other types (RFC 7518 §6.2.2, §6.3, §6.4). */
const FOREIGN_MEMBERS = ['d', 'n', 'e', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

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
    if (isSameParty(apu, apv)) throw new Error('apu and apv must differ');
    const secret = diffieHellman({ privateKey, publicKey: readPublicKey() });
    return concatKdf(secret, { algorithm, bytes, partyU, partyV });
  };
}

function readEphemeralKey(epk: unknown, curve: DecryptionCurve): () => KeyObject {
  const kty = curve === 'X25519' ? 'OKP' : 'EC';
  if (!isJsonObject(epk) || epk['kty'] !== kty || epk['crv'] !== curve) {
    throw new InvalidTokenError('header_invalid_member');
  }
  const foreign = kty === 'OKP' ? [...FOREIGN_MEMBERS, 'y'] : FOREIGN_MEMBERS;
  if (foreign.some((member) => Object.hasOwn(epk, member))) {
    throw new InvalidTokenError('header_invalid_member');
  }
  if (findPointFault(curve, epk) !== undefined) throw new InvalidTokenError('header_invalid_member');
  const { x, y } = epk;
  const key =
    kty === 'EC' ? { kty, crv: curve, x: String(x), y: String(y) } : { kty, crv: curve, x: String(x) };
  return () => {
    if (!allowsAgreement(epk)) throw new Error('use and key_ops of epk must allow key agreement');
    return createPublicKey({ key, format: 'jwk' });
  };
}

/** Whether `use` and `key_ops` allow key agreement, in which a public key has no operation (RFC 7517 §4.2, §4.3). */
function allowsAgreement({ use, key_ops: operations }: JsonObject): boolean {
  const hasNoOperation = operations === undefined || (Array.isArray(operations) && operations.length === 0);
  return hasNoOperation && (use === undefined || use === 'enc');
}

/** Whether both parties are named, and are the same, which is not allowed (RFC 7518 §4.6.2). */
function isSameParty(apu: unknown, apv: unknown): boolean {
  return apu !== undefined && apu === apv;
}

function readParty(value: unknown): Buffer {
  if (value === undefined) return NO_PARTY;
  const bytes = decodeMember(value);
  if (bytes === undefined) throw new InvalidTokenError('header_invalid_member');
  return bytes;
}
