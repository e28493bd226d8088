import { bitLength } from './integer-root.js';

/** Length of a repeated pattern in bits. In 8192 random bits, a repetition has probability 2^-103. */
const PATTERN_BITS = 128;

/** Bounds for the share of one bits. One in 10^19 random moduli of 2048 bits or more is outside the bounds. */
const MIN_ONES = 0.4;
const MAX_ONES = 0.6;

/**
 * Detect moduli that random primes do not produce: near a power of two, sparse, or with a repeated pattern. These
 * forms reveal the primes or speed up factoring (special number field sieve).
 */
export function hasSpecialForm(n: bigint): boolean {
  const bits = n.toString(2);
  return isBiased(bits, bitLength(n)) || repeatsPattern(bits);
}

function isBiased(bits: string, length: number): boolean {
  const share = bits.replaceAll('0', '').length / length;
  return share < MIN_ONES || share > MAX_ONES;
}

/** Whether a pattern occurs twice. Also finds long runs of equal bits, because a shifted run equals itself. */
function repeatsPattern(bits: string): boolean {
  const seen = new Set<string>();
  for (let start = 0; start + PATTERN_BITS <= bits.length; start += 1) {
    const pattern = bits.slice(start, start + PATTERN_BITS);
    if (seen.has(pattern)) return true;
    seen.add(pattern);
  }
  return false;
}
