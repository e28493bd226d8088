/** Signature algorithms of trusted issuers (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). */
export const VERIFICATION_ALGORITHMS = [
  'EdDSA',
  'Ed25519',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
] as const;

/**
 * Signature algorithm (`alg`) of a trusted issuer. `EdDSA` and `Ed25519` are two names of one algorithm.
 *
 * @useDeclaredType
 */
export type VerificationAlgorithm = (typeof VERIFICATION_ALGORITHMS)[number];

export function isVerificationAlgorithm(value: unknown): value is VerificationAlgorithm {
  return VERIFICATION_ALGORITHMS.some((alg) => alg === value);
}

/** Return one name for `EdDSA` and `Ed25519`, which are one algorithm for Ed25519 keys (RFC 9864 §2.2). */
export function canonicalAlgorithm(alg: string): string {
  return alg === 'EdDSA' ? 'Ed25519' : alg;
}
