import { assertObject } from '../base/options.js';
import type { DirectKey } from './content-key.js';
import { deriveKid, type RootKey } from './derive-content-key.js';
import { isLegacyPassphrase, type LegacyPassphraseKey } from './derive-from-passphrase.js';
import { type Jwk, type KeyMaterial, parseJwk } from './parse-jwk.js';
import { readKeySpec } from './read-key-spec.js';

/** Source of the key of another stack. The key is used as is, without derivation. */
export type LegacyKeySource =
  | LegacyPassphraseKey
  /** The 32 bytes of an `A256GCM` key, or their base64url (43 characters) or hexadecimal (64 digits) form. */
  | { readonly secret: Uint8Array | string }
  /** A symmetric JWK for `A256GCM`. `kid` is optional. */
  | { readonly jwk: Jwk };

/** Key of another stack, created by `createLegacyKey()`. It does not expose the secret. */
export interface LegacyKey {
  /**
   * Key ID that is assigned to its tokens, which have none; revoking it revokes them all. Taken from the source, or
   * else derived from the key.
   */
  readonly kid: string;
}

const contentKeys = new WeakMap<LegacyKey, DirectKey>();

/**
 * Reads the key of another stack, for the option `legacy`. The key only decrypts and belongs to no key ring.
 *
 * @throws TypeError (as rejection) if the source has none of the three forms, or if the key is malformed, too weak, not
 *   for `A256GCM`, or a root.
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

/** @throws TypeError if `createLegacyKey()` did not create the key, for example if it is a promise. */
export function contentKeyOf(key: LegacyKey): DirectKey {
  const contentKey = contentKeys.get(key);
  if (contentKey === undefined)
    throw new TypeError('legacy.key must be a LegacyKey: await createLegacyKey(...)');
  return contentKey;
}

async function readContentKey(source: LegacyKeySource): Promise<DirectKey> {
  const material = await readMaterial(source);
  const key = material.kind === 'key' ? material.key : underivedKey(material.root);
  if (key.alg !== 'dir' || key.enc !== 'A256GCM')
    throw new TypeError('createLegacyKey: the key must be for A256GCM and have 32 bytes');
  return Object.freeze({ ...key, encrypts: false });
}

async function readMaterial(source: LegacyKeySource): Promise<KeyMaterial> {
  if ('jwk' in source) return readUnnamedJwk(source.jwk);
  if ('passphrase' in source ? !isLegacyPassphrase(source) : !('secret' in source)) {
    throw new TypeError('createLegacyKey: pass secret, jwk, or passphrase with derivation "dsp-ai-platform"');
  }
  const [material] = await readKeySpec(source);
  if (material === undefined) throw new TypeError('createLegacyKey: the source holds no key');
  return material;
}

/** Legacy tokens name no key, so `kid` is optional. */
function readUnnamedJwk(jwk: Jwk): KeyMaterial {
  const material = parseJwk({ kid: 'unnamed', ...jwk });
  if (material.kind === 'root')
    throw new TypeError('createLegacyKey: the key must not be a root (key_ops "deriveKey")');
  const { key } = material;
  if (jwk['kid'] !== undefined || key.alg !== 'dir') return material;
  return { kind: 'key', key: { ...key, kid: deriveKid(key.secret) } };
}

/** In a key ring, the secret would be a root; here its bytes are the key. */
function underivedKey({ kid, secret }: RootKey): DirectKey {
  return { kid, alg: 'dir', enc: 'A256GCM', purpose: 'access', encrypts: false, secret };
}
