import { assertObject } from '../base/options.js';
import type { DirectKey } from './content-key.js';
import { deriveKid, type RootKey } from './derive-content-key.js';
import { isLegacyPassphrase, type LegacyPassphraseKey } from './derive-from-passphrase.js';
import { type Jwk, type KeyMaterial, parseJwk } from './parse-jwk.js';
import { readKeySpec } from './read-key-spec.js';

/** Where the key of another stack comes from; it is used underived. */
export type LegacyKeySource =
  | LegacyPassphraseKey
  /** The 32 bytes of an `A256GCM` key, or their base64url (43 characters) or hexadecimal (64 digits) form. */
  | { readonly secret: Uint8Array | string }
  /** A symmetric JWK for `A256GCM`. A `kid` may be missing. */
  | { readonly jwk: Jwk };

/** A key of another stack, made by `createLegacyKey` alone. The secret cannot be read off it. */
export interface LegacyKey {
  /**
   * Name that its tokens get, since they say none: revoking it revokes them all. The one that the source gives, or an
   * opaque one derived from the key.
   */
  readonly kid: string;
}

const contentKeys = new WeakMap<LegacyKey, DirectKey>();

/**
 * Reads the key that tokens of another stack are encrypted under, for the option `legacy`. It only decrypts, and is
 * no part of any key ring.
 * @throws TypeError (as rejection) for a source that is none of the three, and a key that is malformed, too weak, no
 *   key for `A256GCM`, or a root.
 */
export async function createLegacyKey(source: LegacyKeySource): Promise<LegacyKey> {
  assertObject(source, 'A legacy key, as { secret },');
  const contentKey = await readContentKey(source);
  const key = Object.freeze({ kid: contentKey.kid });
  contentKeys.set(key, contentKey);
  return key;
}

/** @throws TypeError for what `createLegacyKey` did not make, such as its promise. */
export function contentKeyOf(key: LegacyKey): DirectKey {
  const contentKey = contentKeys.get(key);
  if (contentKey === undefined) throw new TypeError('legacy.key must be made by await createLegacyKey(...)');
  return contentKey;
}

async function readContentKey(source: LegacyKeySource): Promise<DirectKey> {
  const material = await readMaterial(source);
  const key = material.kind === 'key' ? material.key : underivedKey(material.root);
  if (key.alg !== 'dir' || key.enc !== 'A256GCM')
    throw new TypeError('A legacy key must be one for A256GCM, of 32 bytes');
  return Object.freeze({ ...key, encrypts: false });
}

async function readMaterial(source: LegacyKeySource): Promise<KeyMaterial> {
  if ('jwk' in source) return readUnnamedJwk(source.jwk);
  if ('passphrase' in source ? !isLegacyPassphrase(source) : !('secret' in source)) {
    throw new TypeError('A legacy key needs secret, jwk, or passphrase with derivation "dsp-ai-platform"');
  }
  const [material] = await readKeySpec(source);
  if (material === undefined) throw new TypeError('A legacy key is missing');
  return material;
}

/** Those tokens name no key, so the key need not have a name. */
function readUnnamedJwk(jwk: Jwk): KeyMaterial {
  const material = parseJwk({ kid: 'unnamed', ...jwk });
  if (material.kind === 'root') throw new TypeError('A legacy key must not be a root (key_ops "deriveKey")');
  const { key } = material;
  if (jwk['kid'] !== undefined || key.alg !== 'dir') return material;
  return { kind: 'key', key: { ...key, kid: deriveKid(key.secret) } };
}

/** A secret would be a root in a key ring; here its bytes are the key. */
function underivedKey({ kid, secret }: RootKey): DirectKey {
  return { kid, alg: 'dir', enc: 'A256GCM', purpose: 'access', encrypts: false, secret };
}
