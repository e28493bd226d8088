import type { Clock } from '../base/clock.js';
import { assembleKeyRing } from './assemble-key-ring.js';
import type { DerivationOptions } from './create-key-ring.js';
import { type JwkSet, NO_KEYS } from './jwk.js';
import type { KeyRing } from './key-ring.js';
import { assertLasting } from './key-versions.js';
import type { KeyMaterial } from './parse-jwk.js';
import { parseJwkSet } from './read-key-spec.js';

/** Snapshot of a key source. */
export interface LoadedKeySet {
  readonly set: JwkSet;
  /** The set as JSON, compared to detect changes. Secret. */
  readonly text: string;
  readonly materials: readonly KeyMaterial[];
  readonly ring: KeyRing;
}

/**
 * Build a key ring from the key set of a source.
 *
 * @throws TypeError if a key is malformed or weak, two keys share a `kid`, or all keys expire.
 */
export function loadKeySet(
  set: JwkSet,
  { environment, enc, clock }: Required<DerivationOptions> & { readonly clock: Clock },
): LoadedKeySet {
  const [first, ...rest] = parseJwkSet(set);
  if (first === undefined) throw new TypeError(NO_KEYS);
  assertLasting([first, ...rest]);
  const ring = assembleKeyRing({ environment, enc, clock, materials: [first, ...rest] });
  return { set, text: JSON.stringify(set), materials: [first, ...rest], ring };
}
