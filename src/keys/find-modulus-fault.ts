import { checkPrimeSync } from 'node:crypto';
import { createFifoCache } from '../base/fifo-cache.js';
import { once } from '../base/once.js';
import { hasRocaFingerprint } from './has-roca-fingerprint.js';
import { hasSpecialForm } from './has-special-form.js';
import { bitLength, integerRoot, isPower } from './integer-root.js';

/** Minimum length of a modulus in bits (RFC 7518 §3.3, §3.5, §4.3). */
const MIN_BITS = 2048;
const MAX_BITS = 8192;

/** Primes for trial division. */
const smallPrimes = once(() => listOddPrimes(4096));
const smallFactors = once(() => smallPrimes().map(BigInt));

/**
 * Steps of Fermat factorization. They find primes that differ by less than 2^8 * n^(1/4). Random primes differ by far
 * more.
 */
const FERMAT_STEPS = 100;

/** Maximum number of sound moduli in the cache. Remote JWK Sets are reloaded, and a check of 2048 bits takes 10 ms. */
const MAX_PASSED = 256;
const passed = createFifoCache<bigint, true>(MAX_PASSED);

/**
 * Check an RSA modulus for weaknesses that make it easy to factor.
 *
 * @returns the fault and its remedy, without key material; `undefined` if there is none.
 */
export function findModulusFault(n: bigint): string | undefined {
  const bits = bitLength(n);
  if (bits < MIN_BITS || bits > MAX_BITS) return `n must have ${MIN_BITS} to ${MAX_BITS} bits`;
  if (passed.has(n)) return undefined;
  const weakness = findWeakness(n, bits);
  if (weakness !== undefined) return `${weakness}; generate a new key pair`;
  passed.set(n, true);
  return undefined;
}

function findWeakness(n: bigint, bits: number): string | undefined {
  if (n % 2n === 0n) return 'n is even';
  if (smallFactors().some((prime) => n % prime === 0n)) return 'n has a small prime factor';
  if (hasSpecialForm(n)) return 'n has a special form that random primes do not produce';
  if (hasRocaFingerprint(n)) return 'n has the ROCA fingerprint (CVE-2017-15361)';
  if (isPerfectPower(n, bits)) return 'n is a perfect power';
  if (hasCloseFactors(n)) return 'the prime factors of n are too close together';
  if (checkPrimeSync(n)) return 'n is prime, not a product of two primes';
  return undefined;
}

/**
 * Whether n is a perfect power. After trial division, its base exceeds every small prime, which bounds the exponent.
 */
function isPerfectPower(n: bigint, bits: number): boolean {
  const maxExponent = bits / Math.log2(smallPrimes().at(-1) ?? 2);
  return [2, ...smallPrimes()].some((exponent) => exponent <= maxExponent && isPower(n, exponent));
}

/**
 * Detect close factors by Fermat factorization: n = a² - b², with a just above the square root of n (CVE-2022-26320).
 */
function hasCloseFactors(n: bigint): boolean {
  const first = integerRoot(n, 2) + 1n;
  for (let a = first; a < first + BigInt(FERMAT_STEPS); a += 1n) {
    if (isPower(a * a - n, 2)) return true;
  }
  return false;
}

function listOddPrimes(limit: number): readonly number[] {
  const primes: number[] = [];
  for (let candidate = 3; candidate < limit; candidate += 2) {
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  }
  return primes;
}
