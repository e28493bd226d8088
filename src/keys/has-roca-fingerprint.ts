import { once } from '../base/once.js';

const GENERATOR = 65_537;

/** Odd primes that divide the primorial of every affected key size, from 512 bits on. */
const PRIMES = [
  ...[3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103],
  ...[107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167],
];

/** Discrete logarithms to the base 65537 by residue, for one prime. */
interface Logarithms {
  readonly prime: bigint;
  readonly byResidue: ReadonlyMap<number, number>;
}

/** An exponent of 65537, known modulo the order of 65537. */
interface Exponent {
  readonly value: number;
  readonly modulus: number;
}

const tables = once(() => PRIMES.map(tabulate));

/**
 * Detects RSA moduli of the Infineon RSALib (CVE-2017-15361). Both their primes are powers of 65537 modulo a primorial
 * M, and so is their product.
 *
 * The test is exact for the product of the primes up to 167, which divides M: the discrete logarithms of `n` must
 * exist and agree on one exponent. A share of 2^-150 of all other integers passes.
 *
 * @see Nemec et al., The Return of Coppersmith's Attack, CCS 2017, §3.2
 */
export function hasRocaFingerprint(n: bigint): boolean {
  const exponents: Exponent[] = [];
  for (const { prime, byResidue } of tables()) {
    const value = byResidue.get(Number(n % prime));
    if (value === undefined) return false;
    exponents.push({ value, modulus: byResidue.size });
  }
  return exponents.every((one) => exponents.every((other) => agree(one, other)));
}

function tabulate(prime: number): Logarithms {
  const byResidue = new Map<number, number>();
  let residue = 1;
  for (let exponent = 0; !byResidue.has(residue); exponent += 1) {
    byResidue.set(residue, exponent);
    residue = (residue * GENERATOR) % prime;
  }
  return { prime: BigInt(prime), byResidue };
}

/** Chinese remainder theorem: congruences have a common solution if and only if each pair of them has one. */
function agree(one: Exponent, other: Exponent): boolean {
  return (one.value - other.value) % greatestCommonDivisor(one.modulus, other.modulus) === 0;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
