import type { VerificationKey } from './signature-key.js';
import { canonicalAlgorithm } from './verification-algorithms.js';

/**
 * Find the key of a signature without `kid`: the only key of its algorithm. `EdDSA` and `Ed25519` name the same
 * algorithm (RFC 9864 §2.2).
 *
 * @returns `undefined` if there are several keys of the algorithm, or none.
 */
export function findOnlyKey(keys: Iterable<VerificationKey>, alg: string): VerificationKey | undefined {
  const [key, ...others] = [...keys].filter(
    (candidate) => canonicalAlgorithm(candidate.alg) === canonicalAlgorithm(alg),
  );
  return others.length === 0 ? key : undefined;
}
