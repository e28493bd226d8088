import { awaitInContext } from '../base/in-context.js';
import type { DirectKey } from './content-key.js';
import { deriveKid, type RootKey } from './derive-content-key.js';
import { isLegacyPassphrase, type LegacyPassphraseKey } from './derive-from-passphrase.js';
import { type Jwk, type KeyMaterial, parseJwk } from './parse-jwk.js';
import { readKeySpec } from './read-key-spec.js';

/** Key of a different token stack, in one of three forms. It is used as is, without derivation. */
export type LegacyKeySource =
  | LegacyPassphraseKey
  | {
      /** `A256GCM` key: 32 bytes, or their base64url (43 characters) or hexadecimal (64 digits) form. */
      readonly secret: Uint8Array | string;
    }
  | {
      /** Symmetric JWK for `A256GCM`. `kid` is optional. */
      readonly jwk: Jwk;
    };

/** Legacy key, created by `createLegacyKey()`. It does not expose the secret. */
export interface LegacyKey {
  /**
   * Key ID assigned to legacy tokens, whose headers have no `kid`. Revoking it revokes all of them. Derived from the
   * key if the source has no `kid`.
   */
  readonly kid: string;
}

const contentKeys = new WeakMap<LegacyKey, DirectKey>();

/**
 * Read the key of a different token stack, for the option `legacy`. The key only decrypts, and is not part of a key
 * ring.
 *
 * @throws TypeError (as rejection) if the source has an unknown form, or the key is malformed, weak, a root, or not
 *   for `A256GCM`.
 * @example
 * const key = await createLegacyKey({ passphrase, derivation: 'dsp-ai-platform' });
 * const until = Date.parse('2027-03-31T00:00:00Z') / 1000;
 * const legacy: LegacyOptions = { key, issuer: 'dsp-ai-platform', audience, type: 'foreign', until };
 * app.use(authenticate({ keyRing, issuer, audience, legacy }));
 */
export async function createLegacyKey(source: LegacyKeySource): Promise<LegacyKey> {
  const contentKey = await awaitInContext('createLegacyKey', () => readContentKey(source));
  const key = Object.freeze({ kid: contentKey.kid });
  contentKeys.set(key, contentKey);
  return key;
}

/**
 * Return the decryption key of a `LegacyKey`.
 *
 * @param where function that takes the option `legacy`, for the error message.
 * @throws TypeError if `createLegacyKey()` did not create the object, for example if it is a promise.
 */
export function contentKeyOf(key: LegacyKey, where = 'createTokenVerifier'): DirectKey {
  const contentKey = contentKeys.get(key);
  if (contentKey === undefined)
    throw new TypeError(`${where}: legacy.key must be a LegacyKey: pass await createLegacyKey(...)`);
  return contentKey;
}

async function readContentKey(source: LegacyKeySource): Promise<DirectKey> {
  const material = await readMaterial(source);
  const key = material.kind === 'key' ? material.key : underivedKey(material.root);
  if (key.alg !== 'dir' || key.enc !== 'A256GCM')
    throw new TypeError('the key must be a 32-byte key for A256GCM: pass the key of the other stack');
  return Object.freeze({ ...key, encrypts: false });
}

const NO_SOURCE =
  'source must be an object with secret, jwk, or passphrase and derivation, for example { passphrase, derivation: "dsp-ai-platform" }';

async function readMaterial(source: LegacyKeySource): Promise<KeyMaterial> {
  if (typeof source !== 'object' || source === null) throw new TypeError(NO_SOURCE);
  if ('jwk' in source) return readUnnamedJwk(source.jwk);
  if ('passphrase' in source ? !isLegacyPassphrase(source) : !('secret' in source)) {
    throw new TypeError(NO_SOURCE);
  }
  const [material] = await readKeySpec(source);
  if (material === undefined)
    throw new TypeError('source must contain a key: pass a secret, a JWK or a passphrase');
  return material;
}

/** Parse a JWK whose `kid` is optional, because legacy tokens have none. */
function readUnnamedJwk(jwk: Jwk): KeyMaterial {
  const material = parseJwk({ kid: 'unnamed', ...jwk });
  if (material.kind === 'root')
    throw new TypeError('the key must not be a root (key_ops "deriveKey"): pass a JWK for A256GCM');
  const { key } = material;
  if (jwk['kid'] !== undefined || key.alg !== 'dir') return material;
  return { kind: 'key', key: { ...key, kid: deriveKid(key.secret) } };
}

/** Use the secret itself as the key. In a key ring, it would be a root. */
function underivedKey({ kid, secret }: RootKey): DirectKey {
  return { kid, alg: 'dir', enc: 'A256GCM', purpose: 'access', encrypts: false, secret };
}
