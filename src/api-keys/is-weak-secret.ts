const MIN_LENGTH = 20;

/** Approximate result of `estimateBits()` for 20 random digits. */
const MIN_BITS = 56;

/** Whether an API key is easy to guess because it is short or repetitive. Return false for digests. */
export function isWeakSecret(secret: string): boolean {
  if (secret.startsWith('sha256:')) return false;
  return secret.length < MIN_LENGTH || estimateBits(secret) < MIN_BITS;
}

/** Estimate the Shannon entropy of a string in bits by character frequency. It detects repetition, but not words. */
function estimateBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits += count * Math.log2(text.length / count);
  return bits;
}
