/** Number of model tokens that a request used. */
export interface TokenUsage {
  /** Number of input tokens, including cached tokens. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Approximate number of characters per token in English text, for estimates before the usage is known. */
const CHARACTERS_PER_TOKEN = 4;

/** Estimates the number of tokens for a number of characters. */
export function estimateTokens(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** Estimates the tokens in parts of a request from the length of their JSON, including images and files. */
export function estimateInput(...parts: readonly unknown[]): number {
  return estimateTokens(parts.reduce<number>((sum, part) => sum + countCharacters(part), 0));
}

/** Counts the characters of a value as JSON, except for escapes. It does not write the JSON, which can have many MB. */
function countCharacters(part: unknown): number {
  if (part === undefined || part === null) return 0;
  const pending: unknown[] = [part];
  let characters = 0;
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    if (typeof value === 'string') characters += value.length + 2;
    else if (typeof value !== 'object' || value === null) characters += String(value).length;
    else if (Array.isArray(value)) {
      characters += Math.max(2, value.length + 1);
      for (const entry of value) pending.push(entry);
    } else {
      const members = Object.entries(value);
      characters += Math.max(2, members.length + 1);
      for (const [name, member] of members) {
        characters += name.length + 3;
        pending.push(member);
      }
    }
  }
  return characters;
}

/** Estimates the output tokens of a stream until the provider reports the usage. */
export class EmissionCounter {
  #deltas = 0;
  #characters = 0;

  add(text: unknown): void {
    if (typeof text !== 'string' || text === '') return;
    this.#deltas += 1;
    this.#characters += text.length;
  }

  /** Estimated number of tokens, at least one for each delta. */
  get tokens(): number {
    return Math.max(this.#deltas, estimateTokens(this.#characters));
  }
}

/** Maximum plausible token count, higher than the limit of any model. */
const MAX_COUNT = 1e9;

/** Returns a token count from a provider, or 0 if the count is invalid. */
export function readCount(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(value, MAX_COUNT) : 0;
}
