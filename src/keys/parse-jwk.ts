import { createSecretKey } from 'node:crypto';
import { isNumericDate, type NumericDate } from '../clock.js';
import { assertKeyBytes, ROOT_SECRET_BYTES } from './assert-key-bytes.js';
import { type ContentEncryption, type ContentKey, isContentEncryption, KEY_LENGTHS } from './content-key.js';
import { deriveKid, type RootKey } from './derive-content-key.js';

/** A JSON Web Key as parsed from JSON (RFC 7517 section 4). */
export type Jwk = Readonly<Record<string, unknown>>;

/** A JWK Set as parsed from JSON (RFC 7517 section 5). */
export interface JwkSet {
  readonly keys: readonly Jwk[];
}

/** What a key ring is made of: roots, from which keys are derived, and keys that were given underived. */
export type KeyMaterial =
  | { readonly kind: 'root'; readonly root: RootKey }
  | { readonly kind: 'key'; readonly key: ContentKey };

const KID = /^[A-Za-z0-9._~:-]{1,128}$/;

/** @throws TypeError for a `kid` that is no string of 1 to 128 unreserved characters. */
export function assertKid(kid: unknown): asserts kid is string {
  if (typeof kid !== 'string' || !KID.test(kid)) {
    throw new TypeError('kid must be 1 to 128 characters out of A-Z a-z 0-9 . _ ~ : -');
  }
}

/**
 * Reads one symmetric JWK. With `key_ops: ["deriveKey"]` it is a root; else it is a key that is used as it
 * is, and its `alg` says for which content encryption.
 * @throws TypeError for another key type, an algorithm off the allow-list, a length that does not fit it, a
 *   malformed `kid`, or `use` and `key_ops` that forbid what it is for (RFC 7517 sections 4.2 and 4.3).
 */
export function parseJwk(jwk: Jwk): KeyMaterial {
  if (typeof jwk !== 'object' || jwk === null) throw new TypeError('A JWK must be a JSON object');
  if (jwk['kty'] !== 'oct') throw new TypeError('Only symmetric keys (kty "oct") are supported');
  const bytes = decodeKey(jwk['k']);
  const period = readPeriod(jwk);
  return isRoot(jwk) ? readRoot(jwk, bytes, period) : readContentKey(jwk, bytes, period);
}

function isRoot(jwk: Jwk): boolean {
  return Array.isArray(jwk['key_ops']) && jwk['key_ops'].includes('deriveKey');
}

function readRoot(jwk: Jwk, bytes: Buffer, period: Period): KeyMaterial {
  const keyOps = jwk['key_ops'];
  if (!Array.isArray(keyOps) || keyOps.length !== 1 || jwk['use'] !== undefined || jwk['alg'] !== undefined) {
    throw new TypeError('A root (key_ops "deriveKey") has no other key_ops, no use and no alg');
  }
  assertKeyBytes(bytes, ROOT_SECRET_BYTES, 'A root secret');
  const secret = createSecretKey(bytes);
  const kid = jwk['kid'] ?? deriveKid(secret);
  assertKid(kid);
  return { kind: 'root', root: { kid, ...period, secret } };
}

function readContentKey(jwk: Jwk, bytes: Buffer, period: Period): KeyMaterial {
  const enc = readContentEncryption(jwk['alg'], bytes.length);
  assertKeyBytes(bytes, KEY_LENGTHS[enc], `A key for ${enc}`);
  if (jwk['kid'] === undefined) throw new TypeError('A JWK needs a kid: tokens name their key by it');
  assertKid(jwk['kid']);
  const operations = readOperations(jwk);
  if (!operations.includes('decrypt')) throw new TypeError('key_ops of this JWK do not allow decrypt');
  return {
    kind: 'key',
    key: Object.freeze({
      kid: jwk['kid'],
      alg: 'dir',
      enc,
      purpose: 'access',
      ...readAudience(jwk['aud']),
      ...period,
      encrypts: operations.includes('encrypt'),
      secret: createSecretKey(bytes),
    }),
  };
}

/** `alg` of a JWK for direct encryption names the content encryption, or says `dir` and the length decides. */
function readContentEncryption(alg: unknown, length: number): ContentEncryption {
  if (isContentEncryption(alg)) return alg;
  if (alg !== 'dir') throw new TypeError('alg of a JWK must be A256GCM, A192GCM, A128GCM or dir');
  for (const enc of Object.keys(KEY_LENGTHS)) {
    if (isContentEncryption(enc) && KEY_LENGTHS[enc] === length) return enc;
  }
  throw new TypeError('A JWK with alg dir must hold 16, 24 or 32 bytes');
}

function readOperations(jwk: Jwk): readonly unknown[] {
  if (jwk['use'] !== undefined && jwk['use'] !== 'enc') throw new TypeError('use of this JWK must be enc');
  const operations = jwk['key_ops'] ?? ['encrypt', 'decrypt'];
  if (!Array.isArray(operations)) throw new TypeError('key_ops of a JWK must be an array');
  return operations;
}

function decodeKey(k: unknown): Buffer {
  const bytes = typeof k === 'string' ? Buffer.from(k, 'base64url') : undefined;
  if (bytes === undefined || bytes.length === 0 || bytes.toString('base64url') !== k) {
    throw new TypeError('k of a JWK must be base64url without padding');
  }
  return bytes;
}

/** `aud` is what our own export adds: such a key is good for one audience, also where a server has several. */
function readAudience(aud: unknown): { audience?: string } {
  if (aud === undefined) return {};
  if (typeof aud !== 'string' || aud === '') throw new TypeError('aud of a JWK must be one audience');
  return { audience: aud };
}

/** From when on a key encrypts, and from when on it decrypts nothing any more. */
interface Period {
  readonly notBefore?: NumericDate;
  readonly notAfter?: NumericDate;
}

/** `nbf` and `exp` of a JWK, as OpenID Federation registered them. */
function readPeriod({ nbf, exp }: Jwk): Period {
  assertOptionalDate(nbf, 'nbf');
  assertOptionalDate(exp, 'exp');
  return {
    ...(nbf === undefined ? {} : { notBefore: nbf }),
    ...(exp === undefined ? {} : { notAfter: exp }),
  };
}

function assertOptionalDate(value: unknown, name: string): asserts value is NumericDate | undefined {
  if (value !== undefined && !isNumericDate(value))
    throw new TypeError(`${name} of a JWK must be a NumericDate`);
}
