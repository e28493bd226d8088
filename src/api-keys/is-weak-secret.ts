const MIN_LENGTH = 20;

/** Twenty random digits are at it. */
const MIN_BITS = 56;

/** Whether an API key is so short, or so monotonous, that it can be guessed. Of a digest that cannot be told. */
export function isWeakSecret(secret: string): boolean {
  if (secret.startsWith('sha256:')) return false;
  return secret.length < MIN_LENGTH || estimateBits(secret) < MIN_BITS;
}

/** Shannon's entropy by the frequency of characters: generous to words, but not to what repeats a few characters. */
function estimateBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits += count * Math.log2(text.length / count);
  return bits;
}
