import type { KeyRing } from 'passport-jwe';
import { bindInternals, internalsOf, type KeyRingInternals } from '../../src/keys/key-ring-internals.js';

/** A copy of a key ring, with changes to its internals and to its public members. */
export function keyRingWith(
  keyRing: KeyRing,
  changes: Partial<KeyRingInternals>,
  members: Partial<KeyRing> = {},
): KeyRing {
  const copy = Object.freeze({ ...keyRing, ...members });
  bindInternals(copy, { ...internalsOf(keyRing), ...changes });
  return copy;
}
