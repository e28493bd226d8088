import type { KeyObject } from 'node:crypto';
import type { ContentKey, DirectKey } from '../../src/keys/content-key.js';
import type { KeyMaterial } from '../../src/keys/parse-jwk.js';

/** A key as one for direct encryption. One for something else fails the test. */
export function direct(key: ContentKey): DirectKey {
  if (key.alg !== 'dir') throw new Error(`The key is for ${key.alg}`);
  return key;
}

/** The secret of a root or a symmetric key. An asymmetric one fails the test. */
export function secretOfMaterial(material: KeyMaterial): KeyObject {
  if (material.kind === 'root') return material.root.secret;
  if ('publicKey' in material.key) throw new Error('The key is asymmetric');
  return material.key.secret;
}
