/** Precision of the first estimate in bits. IEEE 754 doubles have 53. */
const ESTIMATE_BITS = 50;

/** Length of a positive integer in bits. */
export function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return (hex.length - 1) * 4 + Number.parseInt(hex.charAt(0), 16).toString(2).length;
}

/** Largest integer whose `degree`-th power is at most `value`, by Newton iteration. */
export function integerRoot(value: bigint, degree: number): bigint {
  if (value <= 0n) return 0n;
  const k = BigInt(degree);
  let root = overestimate(value, degree);
  for (;;) {
    const next = ((k - 1n) * root + value / root ** (k - 1n)) / k;
    if (next >= root) return root;
    root = next;
  }
}

export function isPower(value: bigint, degree: number): boolean {
  return integerRoot(value, degree) ** BigInt(degree) === value;
}

/** Return an estimate slightly above the root, from which Newton iteration converges in a few steps. */
function overestimate(value: bigint, degree: number): bigint {
  const dropped = Math.max(0, bitLength(value) - ESTIMATE_BITS);
  const logarithm = (dropped + Math.log2(Number(value >> BigInt(dropped)) + 1)) / degree;
  const shift = Math.max(0, Math.floor(logarithm) - ESTIMATE_BITS);
  const estimate = BigInt(Math.ceil(2 ** (logarithm - shift)));
  return ((estimate + (estimate >> 30n) + 1n) << BigInt(shift)) + 1n;
}
