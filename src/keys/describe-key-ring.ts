import type { KeyRing } from './key-ring.js';
import type { KeyState } from './key-versions.js';
import { SourcedKeyRing } from './sourced-key-ring.js';

/** Describes a key ring for debug lines: its environment, and the state of each key by key ID. */
export function describeKeyRing(ring: KeyRing): object {
  return { environment: ring.environment, keys: Object.fromEntries(listStates(ring)) };
}

function listStates(ring: KeyRing): readonly (readonly [kid: string, state: KeyState])[] {
  if (ring instanceof SourcedKeyRing) return ring.versions.map(({ kid, state }) => [kid, state]);
  return [[ring.current, 'current'], ...ring.previous.map((kid) => [kid, 'retiring'] as const)];
}
