import type { Jwk, JwkSet } from '../../src/keys/parse-jwk.js';
import { secretOf } from './tokens.js';

/** A root as a key set holds it, the same for the same seed. */
export function rootJwk(seed: number): Jwk {
  return {
    kty: 'oct',
    kid: `root-${seed}`,
    key_ops: ['deriveKey'],
    iat: 1_893_456_000 + seed,
    k: secretOf(seed).toString('base64url'),
  };
}

export function keySet(...seeds: readonly number[]): JwkSet {
  return { keys: seeds.map(rootJwk) };
}

export function kidsOf({ keys }: JwkSet): readonly unknown[] {
  return keys.map((jwk) => jwk['kid']);
}
