import { createECDH, createPublicKey, diffieHellman, type ECDH, type KeyObject } from 'node:crypto';
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
  const { x, y } = readEphemeralKey(epk, curve);
  const [partyU, partyV] = [readParty(apu), readParty(apv)];
  return (algorithm, bytes) => {
    const secret =
      curve === 'X25519' ? agreeOnX25519(privateKey, x) : agreeOnPoint({ privateKey, curve }, x, y);
    return concatKdf(secret, { algorithm, bytes, partyU, partyV });
  };
}

/** Validated coordinates of a public key. `y` is empty for X25519. */
interface EphemeralKey {
  readonly x: string;
  readonly y: string;
}

function readEphemeralKey(epk: unknown, curve: DecryptionCurve): EphemeralKey {
  const kty = curve === 'X25519' ? 'OKP' : 'EC';
  if (!isJsonObject(epk) || epk['kty'] !== kty || epk['crv'] !== curve || epk['d'] !== undefined) {
    throw new InvalidTokenError('header_invalid_member');
  }
  if (findPointFault(curve, epk) !== undefined) throw new InvalidTokenError('header_invalid_member');
  return { x: String(epk['x']), y: kty === 'EC' ? String(epk['y']) : '' };
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
