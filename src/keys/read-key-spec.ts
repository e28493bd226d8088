import { createSecretKey } from 'node:crypto';
import { isNumericDate, type NumericDate } from '../base/clock.js';
import { assertObject } from '../base/options.js';
import { type PrivateFile, readPrivateFile } from '../base/read-private-file.js';
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
import { inContext, parseJsonObject, readVariableText } from './read-key-text.js';

/** Location of a key. */
export type KeyLocation =
  | PassphraseKey
  | LegacyPassphraseKey
  /** A root secret: 32 random bytes, or their base64url (43 characters) or hexadecimal (64 digits) form. */
  | { readonly secret: Uint8Array | string }
  /** A JWK. With `kty` "oct" and `key_ops: ["deriveKey"]` it is a root; else a key for access tokens, used as is. */
  | { readonly jwk: Jwk }
  /** A JWK Set. As `current`, its first key encrypts. */
  | { readonly jwks: JwkSet }
  /** Name of an environment variable with a root secret in text form, a JWK or a JWK Set. */
  | { readonly env: string }
  /** Path of a file with the same content, which no other user can read or write. */
  | PrivateFile;

/** Location of a key, and the time until which it decrypts. */
export type KeySpec = KeyLocation & {
  /** NumericDate from which its keys no longer decrypt. For `previous` keys only. Default: none. */
  readonly notAfter?: NumericDate;
};

/**
 * Reads the roots and keys of a location, at least one.
 *
 * @throws TypeError (as rejection), without any value, if a key is missing, malformed or too weak.
 */
export async function readKeySpec(spec: KeySpec): Promise<readonly KeyMaterial[]> {
  assertObject(spec, 'A key such as { env: "JWE_KEY" }');
  const materials = await readSource(spec);
  if (spec.notAfter === undefined) return materials;
  if (!isNumericDate(spec.notAfter)) {
    throw new TypeError('notAfter must be a NumericDate: seconds since 1970, not milliseconds');
  }
  const { notAfter } = spec;
  return materials.map((material) => limitMaterial(material, notAfter));
}

/** Keeps an earlier expiry of the material. */
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
  if ('env' in source) return parseJwkSet(readVariable(source.env));
  if ('file' in source) return parseJwkSet(await readKeyFile(source));
  throw new TypeError('A key must have one of: passphrase, secret, jwk, jwks, env, file');
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

/**
 * Reads an environment variable as a JWK Set.
 *
 * @throws TypeError if it is not set or does not hold a valid key.
 */
export function readVariable(name: string): JwkSet {
  const { text, place } = readVariableText(name);
  return parseKeyText(text, place);
}

async function readKeyFile(file: PrivateFile): Promise<JwkSet> {
  const { text } = await readPrivateFile(file);
  return parseKeyText(text, `Key file ${file.file}`);
}

/**
 * Parses the content of a file, variable or secret store as a JWK Set. A root secret or a JWK becomes a set of one key.
 *
 * @param where the name of the location in error messages.
 * @throws TypeError if the content has another form, or a key is malformed or too weak.
 */
export function parseKeyText(text: string, where: string): JwkSet {
  return inContext(where, () => {
    const jwks = toJwkSet(text.trim());
    parseJwkSet(jwks);
    return jwks;
  });
}

function toJwkSet(text: string): JwkSet {
  if (!text.startsWith('{')) return { keys: [toRootJwk(decodeSecret(text))] };
  const parsed = parseJsonObject(text);
  return { keys: Array.isArray(parsed['keys']) ? parsed['keys'] : [parsed] };
}

/** Formats a root secret as a JWK with the `kid` that is derived from it. */
export function toRootJwk(bytes: Uint8Array): Jwk {
  assertKeyBytes(bytes, ROOT_SECRET_BYTES, 'A root secret');
  const secret = createSecretKey(bytes);
  return {
    kty: 'oct',
    kid: deriveKid(secret),
    key_ops: ['deriveKey'],
    k: secret.export().toString('base64url'),
  };
}

/** @throws TypeError that names the malformed or weak key by its index, without its value. */
export function parseJwkSet({ keys }: JwkSet): readonly KeyMaterial[] {
  if (!Array.isArray(keys) || keys.length === 0) throw new TypeError('A JWK Set must hold at least one key');
  return keys.map((jwk, index) =>
    keys.length === 1 ? parseJwk(jwk) : inContext(`Key ${index} of the JWK Set`, () => parseJwk(jwk)),
  );
}

function rootOf(bytes: Uint8Array): KeyMaterial {
  return parseJwk(toRootJwk(bytes));
}

function decodeSecret(secret: Uint8Array | string): Uint8Array {
  if (secret instanceof Uint8Array) return secret;
  if (typeof secret !== 'string') throw new TypeError('A root secret must be 32 bytes or a string');
  if (/^[0-9a-f]{64}$/i.test(secret)) return Buffer.from(secret, 'hex');
  const bytes = Buffer.from(secret, 'base64url');
  if (bytes.length === ROOT_SECRET_BYTES && bytes.toString('base64url') === secret) return bytes;
  throw new TypeError(
    'A root secret in text form must be 32 bytes in base64url (43 characters, no padding) or hexadecimal (64 digits)',
  );
}
