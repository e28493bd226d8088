import { createECDH, createPublicKey, diffieHellman, type ECDH, type KeyObject } from 'node:crypto';
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
  const { x, y, isForAgreement } = readEphemeralKey(epk, curve);
  const [partyU, partyV] = [readParty(apu), readParty(apv)];
  return (algorithm, bytes) => {
    if (!isForAgreement) throw new Error('use and key_ops of epk must allow key agreement');
    if (isSameParty(apu, apv)) throw new Error('apu and apv must differ');
    const secret =
      curve === 'X25519' ? agreeOnX25519(privateKey, x) : agreeOnPoint({ privateKey, curve }, x, y);
    return concatKdf(secret, { algorithm, bytes, partyU, partyV });
  };
}

/** Validated coordinates of a public key. `y` is empty for X25519. */
interface EphemeralKey {
  readonly x: string;
  readonly y: string;
  /** Whether `use` and `key_ops` allow key agreement. */
  readonly isForAgreement: boolean;
}

function readEphemeralKey(epk: unknown, curve: DecryptionCurve): EphemeralKey {
  const kty = curve === 'X25519' ? 'OKP' : 'EC';
  if (!isJsonObject(epk) || epk['kty'] !== kty || epk['crv'] !== curve) {
    throw new InvalidTokenError('header_invalid_member');
  }
  const foreign = kty === 'OKP' ? [...FOREIGN_MEMBERS, 'y'] : FOREIGN_MEMBERS;
  if (foreign.some((member) => Object.hasOwn(epk, member))) {
    throw new InvalidTokenError('header_invalid_member');
  }
  if (findPointFault(curve, epk) !== undefined) throw new InvalidTokenError('header_invalid_member');
  return {
    x: String(epk['x']),
    y: kty === 'EC' ? String(epk['y']) : '',
    isForAgreement: allowsAgreement(epk),
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

function agreeOnX25519(privateKey: KeyObject, x: string): Buffer {
  const key = { kty: 'OKP', crv: 'X25519', x };
  return diffieHellman({ privateKey, publicKey: createPublicKey({ key, format: 'jwk' }) });
}

/** Curves as named by OpenSSL. */
const OPENSSL_CURVES = { 'P-256': 'prime256v1', 'P-384': 'secp384r1', 'P-521': 'secp521r1' } as const;

/** First byte of an uncompressed point (SEC 1 §2.3.3). */
const UNCOMPRESSED = Buffer.from([4]);

const agreements = new WeakMap<KeyObject, ECDH>();

/** Agree on a secret without importing the ephemeral key as a `KeyObject`, which takes as long as the agreement. */
function agreeOnPoint(
  { privateKey, curve }: { readonly privateKey: KeyObject; readonly curve: keyof typeof OPENSSL_CURVES },
  x: string,
  y: string,
): Buffer {
  const point = Buffer.concat([UNCOMPRESSED, Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  return findAgreement(privateKey, curve).computeSecret(point);
}

function findAgreement(privateKey: KeyObject, curve: keyof typeof OPENSSL_CURVES): ECDH {
  const known = agreements.get(privateKey);
  if (known !== undefined) return known;
  const agreement = createECDH(OPENSSL_CURVES[curve]);
  agreement.setPrivateKey(Buffer.from(String(privateKey.export({ format: 'jwk' }).d), 'base64url'));
  agreements.set(privateKey, agreement);
  return agreement;
}

function readParty(value: unknown): Buffer {
  if (value === undefined) return NO_PARTY;
  const bytes = decodeMember(value);
  if (bytes === undefined) throw new InvalidTokenError('header_invalid_member');
  return bytes;
}
