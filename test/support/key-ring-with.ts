import type { KeyRing } from 'passport-jwe';
import { bindInternals, internalsOf, type KeyRingInternals } from '../../src/keys/key-ring-internals.js';

/** A key ring like another one, of whose internals some behave differently. */
export function keyRingWith(keyRing: KeyRing, changes: Partial<KeyRingInternals>): KeyRing {
  const copy = Object.freeze({ ...keyRing });
  bindInternals(copy, { ...internalsOf(keyRing), ...changes });
  return copy;
}
