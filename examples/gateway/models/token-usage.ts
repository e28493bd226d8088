/** Model tokens of one request. */
export interface TokenUsage {
  /** Cached tokens among them. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Approximate number of characters per token in English text. The actual usage is settled afterwards. */
const CHARACTERS_PER_TOKEN = 4;

export function estimateTokens(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** Estimates the tokens of a part of a request. Images and files count by the length of their JSON. */
export function estimateInput(...parts: readonly unknown[]): number {
  return estimateTokens(parts.reduce<number>((sum, part) => sum + countCharacters(part), 0));
}

function countCharacters(part: unknown): number {
  return part === undefined || part === null ? 0 : (JSON.stringify(part)?.length ?? 0);
}

/** Estimates the tokens of a stream until its provider reports the usage. */
export class EmissionCounter {
  #deltas = 0;
  #characters = 0;

  add(text: unknown): void {
    if (typeof text !== 'string' || text === '') return;
    this.#deltas += 1;
    this.#characters += text.length;
  }

  /** Each delta has at least one token. */
  get tokens(): number {
    return Math.max(this.#deltas, estimateTokens(this.#characters));
  }
}

/** More tokens than any model accepts or emits. */
const MAX_COUNT = 1e9;

/** Reads a token count of a provider. An invalid one counts as missing. */
export function readCount(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(value, MAX_COUNT) : 0;
}
