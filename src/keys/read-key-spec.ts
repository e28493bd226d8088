import { createSecretKey } from 'node:crypto';
import { isNumericDate, type NumericDate } from '../clock.js';
import { assertObject } from '../options.js';
import { assertKeyBytes, ROOT_SECRET_BYTES } from './assert-key-bytes.js';
import { deriveKid } from './derive-content-key.js';
import {
  deriveFromPassphrase,
  isLegacyPassphrase,
  type LegacyPassphraseKey,
  type PassphraseKey,
} from './derive-from-passphrase.js';
import { assertKid, type Jwk, type JwkSet } from './jwk.js';
import { type KeyMaterial, parseJwk } from './parse-jwk.js';
import { inContext, type KeyTextLocation, parseJsonObject, readKeyText } from './read-key-text.js';

/** Where a key comes from. */
export type KeyLocation =
  | PassphraseKey
  | LegacyPassphraseKey
  /** A root secret: 32 random bytes, or their base64url (43 characters) or hexadecimal (64 digits) form. */
  | { readonly secret: Uint8Array | string }
  /** A JWK; a symmetric one with `key_ops: ["deriveKey"]` is a root, else it is for access tokens, used underived. */
  | { readonly jwk: Jwk }
  /** A JWK Set; its first key is the current one where the set is given as `current`. */
  | { readonly jwks: JwkSet }
  /** An environment variable or a file that holds a root secret as text, a JWK or a JWK Set. */
  | KeyTextLocation;

/** Where a key comes from, and until when it decrypts. */
export type KeySpec = KeyLocation & {
  /** NumericDate from which on its keys decrypt nothing. For `previous` keys only. Default: no end. */
  readonly notAfter?: NumericDate;
};

/**
 * Resolves a specification into the roots and keys that it names, never empty.
 * @throws TypeError where what it names is missing, malformed or too weak; never with its value.
 */
export async function readKeySpec(spec: KeySpec): Promise<readonly KeyMaterial[]> {
  assertObject(spec, 'A key, as { env: NAME },');
  const materials = await readSource(spec);
  if (spec.notAfter === undefined) return materials;
  if (!isNumericDate(spec.notAfter)) {
    throw new TypeError('notAfter must be a NumericDate: seconds since 1970, not milliseconds');
  }
  const { notAfter } = spec;
  return materials.map((material) => limitMaterial(material, notAfter));
}

/** An end that the material has of its own is not put off. */
function limitMaterial(material: KeyMaterial, limit: NumericDate): KeyMaterial {
  const { notAfter: own = limit } = material.kind === 'root' ? material.root : material.key;
  const notAfter = Math.min(own, limit);
  return material.kind === 'root'
    ? { kind: 'root', root: Object.freeze({ ...material.root, notAfter }) }
    : { kind: 'key', key: Object.freeze({ ...material.key, notAfter }) };
}

async function readSource(source: KeyLocation): Promise<readonly KeyMaterial[]> {
  if ('passphrase' in source) return [await readPassphrase(source)];
  if ('secret' in source) return [rootOf(decodeSecret(source.secret))];
  if ('jwk' in source) return [parseJwk(source.jwk)];
  if ('jwks' in source) return parseJwkSet(source.jwks);
  if ('env' in source || 'file' in source) return readText(source);
  throw new TypeError('A key needs one of: passphrase, secret, jwk, jwks, env, file');
}

async function readPassphrase(source: PassphraseKey | LegacyPassphraseKey): Promise<KeyMaterial> {
  const bytes = await deriveFromPassphrase(source);
  if (!isLegacyPassphrase(source)) return rootOf(bytes);
  const secret = createSecretKey(bytes);
  const kid = source.kid ?? deriveKid(secret);
  assertKid(kid);
  return {
    kind: 'key',
    key: Object.freeze({ kid, alg: 'dir', enc: 'A256GCM', purpose: 'access', encrypts: true, secret }),
  };
}

async function readText(source: KeyTextLocation): Promise<readonly KeyMaterial[]> {
  const { text, place } = await readKeyText(source);
  return inContext(place, () => parseKeyText(text));
}

function parseKeyText(text: string): readonly KeyMaterial[] {
  if (!text.startsWith('{')) return [rootOf(decodeSecret(text))];
  const parsed = parseJsonObject(text);
  return Array.isArray(parsed['keys']) ? parseJwkSet({ keys: parsed['keys'] }) : [parseJwk(parsed)];
}

function parseJwkSet({ keys }: JwkSet): readonly KeyMaterial[] {
  if (!Array.isArray(keys) || keys.length === 0) throw new TypeError('A JWK Set must hold at least one key');
  return keys.map((jwk, index) => inContext(`Key ${index} of the JWK Set`, () => parseJwk(jwk)));
}

function rootOf(bytes: Uint8Array): KeyMaterial {
  assertKeyBytes(bytes, ROOT_SECRET_BYTES, 'A root secret');
  const secret = createSecretKey(bytes);
  return { kind: 'root', root: { kid: deriveKid(secret), secret } };
}

function decodeSecret(secret: Uint8Array | string): Uint8Array {
  if (secret instanceof Uint8Array) return secret;
  if (typeof secret !== 'string') throw new TypeError('A root secret must be 32 bytes, or their text');
  if (/^[0-9a-f]{64}$/i.test(secret)) return Buffer.from(secret, 'hex');
  const bytes = Buffer.from(secret, 'base64url');
  if (bytes.length === ROOT_SECRET_BYTES && bytes.toString('base64url') === secret) return bytes;
  throw new TypeError(
    'A root secret as text must be 32 bytes in base64url (43 characters, no padding) or hexadecimal (64 digits)',
  );
}
