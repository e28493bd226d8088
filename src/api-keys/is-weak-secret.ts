const MIN_LENGTH = 20;

/** About the estimate for twenty random digits. */
const MIN_BITS = 56;

/** Whether an API key is short or repetitive enough to be guessed. False for digests, which cannot be judged. */
export function isWeakSecret(secret: string): boolean {
  if (secret.startsWith('sha256:')) return false;
  return secret.length < MIN_LENGTH || estimateBits(secret) < MIN_BITS;
}

/** Shannon entropy by character frequency. It overestimates words, but detects repeated characters. */
function estimateBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits += count * Math.log2(text.length / count);
  return bits;
}
