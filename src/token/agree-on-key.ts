import { createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { InvalidTokenError } from '../base/errors.js';
import { isJsonObject, type JsonObject } from '../base/json.js';
import { decodeMember } from '../keys/decode-member.js';
import type { AgreementDecryptionKey, DecryptionCurve } from '../keys/decryption-key.js';
import { findPointFault } from '../keys/find-point-fault.js';
import { concatKdf } from './concat-kdf.js';

/** Members of private and symmetric keys (RFC 7518 §6.2.2, §6.3.2, §6.4). */
const PRIVATE_MEMBERS = ['d', 'k', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv'];

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
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(epk, member))) {
    throw new InvalidTokenError('header_invalid_member');
  }
  if (findPointFault(curve, epk) !== undefined) throw new InvalidTokenError('header_invalid_member');
  const { x, y, key_ops: operations } = epk;
  const key =
    kty === 'EC' ? { kty, crv: curve, x: String(x), y: String(y) } : { kty, crv: curve, x: String(x) };
  return () => {
    if (!allowsNoOperation(operations))
      throw new Error('key_ops of a public key for agreement must be empty');
    return createPublicKey({ key, format: 'jwk' });
  };
}

/** Whether `key_ops` of `epk` is absent or empty. A public key has no operation in key agreement (RFC 7517 §4.3). */
function allowsNoOperation(operations: unknown): boolean {
  return operations === undefined || (Array.isArray(operations) && operations.length === 0);
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
