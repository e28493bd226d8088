import { decodeInteger } from './decode-integer.js';
import type { Jwk } from './jwk.js';

/** Members of a private RSA key with two primes (RFC 7518 §6.3.2). */
export const PRIVATE_RSA_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi'] as const;

/**
 * Check the private members of an RSA key against its public members. Signing or decrypting with mismatched members
 * could reveal the primes.
 *
 * Does not check whether `p` and `q` are prime. For composites, the test signature in `importKeyPair` fails, because
 * Fermat's little theorem does not hold.
 *
 * @returns the fault and its remedy, without key material; `undefined` if there is none.
 */
export function findPrivateRsaFault(jwk: Jwk): string | undefined {
  const missing = PRIVATE_RSA_MEMBERS.filter((member) => jwk[member] === undefined);
  if (missing.length > 0) {
    return `it lacks ${missing.join(', ')}; export it with d, p, q, dp, dq and qi (RFC 7518 §6.3.2)`;
  }
  const [n, e, d, p, q, dp, dq, qi] = ['n', 'e', ...PRIVATE_RSA_MEMBERS].map((name) =>
    decodeInteger(jwk[name]),
  );
  if (!(n && e && d && p && q && dp && dq && qi)) {
    return 'd, p, q, dp, dq and qi must be integers in base64url, without padding or leading zero bytes';
  }
  const fault = findMismatch({ n, e, d, p, q, dp, dq, qi });
  return fault === undefined ? undefined : `${fault}; export the key pair again`;
}

type Numbers = Readonly<Record<'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi', bigint>>;

/** Check the relations between the members of a private RSA key (RFC 8017 §3.2). */
function findMismatch({ n, e, d, p, q, dp, dq, qi }: Numbers): string | undefined {
  if (p % 2n === 0n || q % 2n === 0n || p === 1n || q === 1n) return 'p and q must be odd primes';
  if (p * q !== n) return 'p times q is not n';
  if (d >= n) return 'd must be less than n';
  if ((d * e) % (p - 1n) !== 1n || (d * e) % (q - 1n) !== 1n) return 'd does not match e, p and q';
  if (dp !== d % (p - 1n)) return 'dp is not d modulo p - 1';
  if (dq !== d % (q - 1n)) return 'dq is not d modulo q - 1';
  if (qi >= p || (q * qi) % p !== 1n) return 'qi is not the inverse of q modulo p';
  return undefined;
}
