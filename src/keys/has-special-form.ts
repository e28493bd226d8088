import { bitLength } from './integer-root.js';

/** In 8192 random bits, a pattern of this length occurs twice with probability 2^-103. */
const PATTERN_BITS = 128;

/** One in 10^19 random moduli of 2048 bits or more has a share of ones outside these bounds. */
const MIN_ONES = 0.4;
const MAX_ONES = 0.6;

/**
 * Detects moduli that random primes do not produce: near a power of two, sparse, or with a repeated pattern. Such a
 * form speeds up factoring (special number field sieve) or reveals the primes.
 */
export function hasSpecialForm(n: bigint): boolean {
  const bits = n.toString(2);
  return isBiased(bits, bitLength(n)) || repeatsPattern(bits);
}

function isBiased(bits: string, length: number): boolean {
  const share = bits.replaceAll('0', '').length / length;
  return share < MIN_ONES || share > MAX_ONES;
}

/** Also finds runs of equal bits, which repeat themselves one bit later. */
function repeatsPattern(bits: string): boolean {
  const seen = new Set<string>();
  for (let start = 0; start + PATTERN_BITS <= bits.length; start += 1) {
    const pattern = bits.slice(start, start + PATTERN_BITS);
    if (seen.has(pattern)) return true;
    seen.add(pattern);
  }
  return false;
}
