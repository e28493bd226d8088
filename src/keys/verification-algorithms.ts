/**
 * Signature algorithms that verify tokens of trusted issuers (RFC 7518 §3.1, RFC 8037 §3.1). `EdDSA` and `Ed25519` name
 * the same algorithm (RFC 9864 §2.2).
 */
export const VERIFICATION_ALGORITHMS = [
  ...(['EdDSA', 'Ed25519'] as const),
  ...(['RS256', 'RS384', 'RS512'] as const),
  ...(['PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512'] as const),
] as const;

/** Signature algorithm (`alg`) of a verification key. */
export type VerificationAlgorithm = (typeof VERIFICATION_ALGORITHMS)[number];

export function isVerificationAlgorithm(value: unknown): value is VerificationAlgorithm {
  return VERIFICATION_ALGORITHMS.some((alg) => alg === value);
}
