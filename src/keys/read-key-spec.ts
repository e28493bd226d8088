import { createSecretKey } from 'node:crypto';
import { isNumericDate, type NumericDate } from '../base/clock.js';
import { inContext } from '../base/in-context.js';
import { type PrivateFile, readPrivateFile } from '../base/read-private-file.js';
import { assertKeyBytes, ROOT_SECRET_BYTES } from './assert-key-bytes.js';
import { deriveKid } from './derive-content-key.js';
import {
  deriveFromPassphrase,
  isLegacyPassphrase,
  type LegacyPassphraseKey,
  type PassphraseKey,
} from './derive-from-passphrase.js';
import { assertKid, type Jwk, type JwkSet, NO_KEYS } from './jwk.js';
import { type KeyMaterial, parseJwk } from './parse-jwk.js';
import { parseJsonObject, readVariableText } from './read-key-text.js';

/** Key, or the location of a key, in one of these forms. */
export type KeyLocation =
  | PassphraseKey
  | LegacyPassphraseKey
  | {
      /** Root secret: 32 random bytes, or their base64url (43 characters) or hexadecimal (64 digits) form. */
      readonly secret: Uint8Array | string;
    }
  | {
      /** JWK. With `kty` "oct" and `key_ops: ["deriveKey"]`, a root. Otherwise, a key for access tokens, used as is. */
      readonly jwk: Jwk;
    }
  | {
      /** JWK Set. As `current` and without `nbf`, its first key encrypts. */
      readonly jwks: JwkSet;
    }
  | {
      /** Name of an environment variable that contains a root secret in text form, a JWK or a JWK Set. */
      readonly env: string;
    }
  /** Path of a file with the same content. Other users must have no access (mode 0600). */
  | PrivateFile;

/** Key location with an optional expiry. */
export type KeySpec = KeyLocation & {
  /**
   * Time from which the keys no longer decrypt, in seconds since 1970. For `previous` keys only.
   *
   * @default undefined (no expiry)
   */
  readonly notAfter?: NumericDate;
};

/**
 * Read all roots and keys from a location. Callers add the name of their function and option to error messages, with
 * `awaitInContext()`.
 *
 * @returns at least one root or key.
 * @throws TypeError (as rejection) if a key is missing, malformed or weak. The message contains no key material.
 * @throws Error (as rejection) if a file cannot be read.
 */
export async function readKeySpec(spec: KeySpec): Promise<readonly KeyMaterial[]> {
  if (typeof spec !== 'object' || spec === null) throw new TypeError(NO_LOCATION);
  const materials = await readSource(spec);
  if (spec.notAfter === undefined) return materials;
  if (!isNumericDate(spec.notAfter)) {
    throw new TypeError(
      'notAfter must be a NumericDate in seconds since 1970, not milliseconds, for example 1798761600',
    );
  }
  const { notAfter } = spec;
  return materials.map((material) => limitMaterial(material, notAfter));
}

const NO_LOCATION =
  'the key location must be an object with passphrase, secret, jwk, jwks, env or file, for example { env: "JWE_KEY" }';

/** Set the expiry of a root or key, unless it already expires earlier. */
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
  throw new TypeError(NO_LOCATION);
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
 * Read an environment variable as a JWK Set.
 *
 * @throws TypeError if the variable is not set or does not contain a valid key.
 */
export function readVariable(name: string): JwkSet {
  const { text, place } = readVariableText(name);
  return parseKeyText(text, place);
}

async function readKeyFile(file: PrivateFile): Promise<JwkSet> {
  const { text } = await readPrivateFile(file);
  return parseKeyText(text, `key file ${file.file}`);
}

/**
 * Parse the content of a file, variable or secret store as a JWK Set. A single root secret or JWK becomes a set with
 * one key.
 *
 * @param where the name of the location, for error messages.
 * @throws TypeError if the content has a different form, or a key is malformed or weak.
 */
export function parseKeyText(text: string, where: string): JwkSet {
  return inContext(where, () => {
    const jwks = toJwkSet(text.trim());
    parseJwkSet(jwks);
    return jwks;
  });
}

/**
 * Read trimmed text as a JWK Set, without parsing its keys.
 *
 * @throws TypeError if the text is neither JSON nor a root secret.
 */
export function toJwkSet(text: string): JwkSet {
  if (!text.startsWith('{')) return { keys: [toRootJwk(decodeSecret(text))] };
  const parsed = parseJsonObject(text);
  return { keys: Array.isArray(parsed['keys']) ? parsed['keys'] : [parsed] };
}

/** Format a root secret as a JWK with a derived `kid`. */
export function toRootJwk(bytes: Uint8Array): Jwk {
  assertKeyBytes(bytes, ROOT_SECRET_BYTES, 'the secret');
  const secret = createSecretKey(bytes);
  return {
    kty: 'oct',
    kid: deriveKid(secret),
    key_ops: ['deriveKey'],
    k: secret.export().toString('base64url'),
  };
}

/**
 * Parse all keys of a JWK Set.
 *
 * @throws TypeError if the set is empty, or a key is malformed or weak. The message names the key by its index,
 *   without its value.
 */
export function parseJwkSet({ keys }: JwkSet): readonly KeyMaterial[] {
  if (!Array.isArray(keys) || keys.length === 0) throw new TypeError(NO_KEYS);
  return keys.map((jwk, index) =>
    keys.length === 1 ? parseJwk(jwk) : inContext(`keys[${index}]`, () => parseJwk(jwk)),
  );
}

function rootOf(bytes: Uint8Array): KeyMaterial {
  return parseJwk(toRootJwk(bytes));
}

function decodeSecret(secret: Uint8Array | string): Uint8Array {
  if (secret instanceof Uint8Array) return secret;
  if (typeof secret !== 'string')
    throw new TypeError(
      'the secret must be 32 bytes, as a Uint8Array, 43 base64url characters or 64 hexadecimal digits: generate it with openssl rand -hex 32',
    );
  if (/^[0-9a-f]{64}$/i.test(secret)) return Buffer.from(secret, 'hex');
  const bytes = Buffer.from(secret, 'base64url');
  if (bytes.length === ROOT_SECRET_BYTES && bytes.toString('base64url') === secret) return bytes;
  throw new TypeError(
    'the secret must be 32 bytes, as 43 base64url characters without padding or 64 hexadecimal digits: generate it with openssl rand -hex 32',
  );
}
