import { checkPrimeSync, generatePrimeSync, randomBytes } from 'node:crypto';
import type { Jwk } from '../../src/keys/jwk.js';

const E = 65_537n;

/** Odd primes below 4096. */
const SMALL_PRIMES = Array.from({ length: 2047 }, (_, index) => index * 2 + 3)
  .filter((candidate) => checkPrimeSync(BigInt(candidate)))
  .map(BigInt);

/** A `Base64urlUInt` (RFC 7518 section 2). */
export function encodeInteger(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}

export function decodeInteger(text: unknown): bigint {
  return BigInt(`0x${Buffer.from(String(text), 'base64url').toString('hex')}`);
}

/** A random prime whose two highest bits are set. */
export function primeOf(bits: number): bigint {
  return generatePrimeSync(bits, { bigint: true });
}

/** The first prime from here on. */
export function primeFrom(start: bigint): bigint {
  let candidate = start | 1n;
  while (!checkPrimeSync(candidate)) candidate += 2n;
  return candidate;
}

/** The first odd number from here on without a prime factor below 4096. */
export function roughFrom(start: bigint): bigint {
  let candidate = start | 1n;
  while (SMALL_PRIMES.some((prime) => candidate % prime === 0n)) candidate += 2n;
  return candidate;
}

/** A random number of so many bits that has no small prime factor, as it were a modulus of unknown primes. */
export function modulusOf(bits: number): bigint {
  const random = BigInt(`0x${randomBytes(bits / 8).toString('hex')}`);
  let candidate = roughFrom(random | (1n << BigInt(bits - 1)));
  while (checkPrimeSync(candidate, { checks: 1 })) candidate = roughFrom(candidate + 2n);
  return candidate;
}

/** A prime as the Infineon RSALib makes them: k M + 65537^a mod M, with M the product of the first primes. */
export function rocaPrime(bits: number, primorialOf: number): bigint {
  const primes = [2n, ...SMALL_PRIMES].slice(0, primorialOf);
  const m = primes.reduce((product, prime) => product * prime, 1n);
  const bound = (1n << BigInt(bits)) / m;
  for (;;) {
    const k = bound - 1n - (randomInteger(bits / 8) % (bound / 4n));
    const candidate = k * m + modularPower(E, randomInteger(32), m);
    if (checkPrimeSync(candidate)) return candidate;
  }
}

/** Both halves of the RSA key with these primes. */
export function rsaJwk(p: bigint, q: bigint, members: Jwk = {}): Jwk {
  const d = modularInverse(E, (p - 1n) * (q - 1n));
  const numbers = { n: p * q, e: E, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: modularInverse(q, p) };
  const encoded = Object.entries(numbers).map(([name, value]) => [name, encodeInteger(value)]);
  return { kty: 'RSA', ...Object.fromEntries(encoded), ...members };
}

function randomInteger(bytes: number): bigint {
  return BigInt(`0x${randomBytes(bytes).toString('hex')}`);
}

function modularPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  return result;
}

/** Extended Euclid; a number without an inverse gets some other number. */
function modularInverse(value: bigint, modulus: bigint): bigint {
  let [previous, current] = [modulus, value % modulus];
  let [factorBefore, factor] = [0n, 1n];
  while (current > 1n) {
    const quotient = previous / current;
    [previous, current] = [current, previous - quotient * current];
    [factorBefore, factor] = [factor, factorBefore - quotient * factor];
  }
  return ((factor % modulus) + modulus) % modulus;
}
