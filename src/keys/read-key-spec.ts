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
  /** Name of an environment variable that holds a root secret as text, a JWK or a JWK Set. */
  | { readonly env: string }
  /** Path of a file that holds the same and that nobody else can read or write. */
  | PrivateFile;

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
  if ('env' in source) return parseJwkSet(readVariable(source.env));
  if ('file' in source) return parseJwkSet(await readKeyFile(source));
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

/**
 * What an environment variable holds, as a JWK Set.
 * @throws TypeError where it is not set, or holds no key.
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
 * What a file, a variable or a secret store holds, as a JWK Set: a root secret becomes a set of one root, a JWK a set of
 * itself.
 * @param where what messages call it.
 * @throws TypeError where it is none of them, or a key is malformed or too weak.
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

/** A root secret as the JWK that stands for the same root, under the same `kid`. */
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

/** @throws TypeError that names the key which is malformed or too weak, never with its value. */
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
  if (typeof secret !== 'string') throw new TypeError('A root secret must be 32 bytes, or their text');
  if (/^[0-9a-f]{64}$/i.test(secret)) return Buffer.from(secret, 'hex');
  const bytes = Buffer.from(secret, 'base64url');
  if (bytes.length === ROOT_SECRET_BYTES && bytes.toString('base64url') === secret) return bytes;
  throw new TypeError(
    'A root secret as text must be 32 bytes in base64url (43 characters, no padding) or hexadecimal (64 digits)',
  );
}
