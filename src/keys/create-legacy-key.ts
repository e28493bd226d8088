import { assertObject } from '../base/options.js';
import type { DirectKey } from './content-key.js';
import { deriveKid, type RootKey } from './derive-content-key.js';
import { isLegacyPassphrase, type LegacyPassphraseKey } from './derive-from-passphrase.js';
import { type Jwk, type KeyMaterial, parseJwk } from './parse-jwk.js';
import { readKeySpec } from './read-key-spec.js';

/** Key of a different token stack, in one of three forms. It is used as is, without derivation. */
export type LegacyKeySource =
  | LegacyPassphraseKey
  /** `A256GCM` key: 32 bytes, or their base64url (43 characters) or hexadecimal (64 digits) form. */
  | { readonly secret: Uint8Array | string }
  /** Symmetric JWK for `A256GCM`. `kid` is optional. */
  | { readonly jwk: Jwk };

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
  assertObject(source, 'createLegacyKey');
  const contentKey = await readContentKey(source);
  const key = Object.freeze({ kid: contentKey.kid });
  contentKeys.set(key, contentKey);
  return key;
}

/**
 * Return the decryption key of a `LegacyKey`.
 *
 * @throws TypeError if `createLegacyKey()` did not create the object, for example if it is a promise.
 */
export function contentKeyOf(key: LegacyKey): DirectKey {
  const contentKey = contentKeys.get(key);
  if (contentKey === undefined)
    throw new TypeError('legacy.key must be a LegacyKey: pass await createLegacyKey(...)');
  return contentKey;
}

async function readContentKey(source: LegacyKeySource): Promise<DirectKey> {
  const material = await readMaterial(source);
  const key = material.kind === 'key' ? material.key : underivedKey(material.root);
  if (key.alg !== 'dir' || key.enc !== 'A256GCM')
    throw new TypeError('createLegacyKey: the key must be a 32-byte key for A256GCM');
  return Object.freeze({ ...key, encrypts: false });
}

async function readMaterial(source: LegacyKeySource): Promise<KeyMaterial> {
  if ('jwk' in source) return readUnnamedJwk(source.jwk);
  if ('passphrase' in source ? !isLegacyPassphrase(source) : !('secret' in source)) {
    throw new TypeError(
      'createLegacyKey: source must have secret, jwk, or passphrase with derivation "dsp-ai-platform"',
    );
  }
  const [material] = await readKeySpec(source);
  if (material === undefined) throw new TypeError('createLegacyKey: source must contain a key');
  return material;
}

/** Parse a JWK whose `kid` is optional, because legacy tokens have none. */
function readUnnamedJwk(jwk: Jwk): KeyMaterial {
  const material = parseJwk({ kid: 'unnamed', ...jwk });
  if (material.kind === 'root')
    throw new TypeError(
      'createLegacyKey: the key must not be a root (key_ops "deriveKey"): pass a JWK for A256GCM',
    );
  const { key } = material;
  if (jwk['kid'] !== undefined || key.alg !== 'dir') return material;
  return { kind: 'key', key: { ...key, kid: deriveKid(key.secret) } };
}

/** Use the secret itself as the key. In a key ring, it would be a root. */
function underivedKey({ kid, secret }: RootKey): DirectKey {
  return { kid, alg: 'dir', enc: 'A256GCM', purpose: 'access', encrypts: false, secret };
}
