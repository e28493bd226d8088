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

function countCharacters(part: unknown): number {
  return part === undefined || part === null ? 0 : (JSON.stringify(part)?.length ?? 0);
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
