import { decodeInteger } from './decode-integer.js';
import { findModulusFault } from './find-modulus-fault.js';
import { PRIVATE_RSA_MEMBERS } from './find-private-rsa-fault.js';
import { bitLength } from './integer-root.js';
import type { Jwk } from './jwk.js';

/** Minimum public exponent (NIST SP 800-56B §6.2, FIPS 186-5 §A.1.1). */
const MIN_EXPONENT = 65_537n;

/** Maximum length of the public exponent in bits. If `e` is larger, `d` may be small and reveal the primes. */
const MAX_EXPONENT_BITS = 256;

/**
 * Check the public members of an RSA key, and reject keys with more than two primes.
 *
 * @returns the fault and its remedy, without key material; `undefined` if there is none.
 * @see RFC 7518 §6.3
 */
export function findRsaFault(jwk: Jwk): string | undefined {
  if (jwk['oth'] !== undefined) return 'oth is not supported; use a key with two primes (RFC 7518 §6.3.2.7)';
  if (jwk['d'] === undefined && PRIVATE_RSA_MEMBERS.some((member) => jwk[member] !== undefined)) {
    return 'it has private members but no d; remove them, or add d';
  }
  const [n, e] = [decodeInteger(jwk['n']), decodeInteger(jwk['e'])];
  if (n === undefined || e === undefined) {
    return 'n and e must be integers in base64url, without padding or leading zero bytes';
  }
  if (e < MIN_EXPONENT || e % 2n === 0n || bitLength(e) > MAX_EXPONENT_BITS) {
    return `e must be odd, at least ${MIN_EXPONENT} and at most ${MAX_EXPONENT_BITS} bits long; generate a key pair with e = 65537`;
  }
  return findModulusFault(n);
}
