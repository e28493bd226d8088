/** Model tokens of one request. */
export interface TokenUsage {
  /** Those that the provider had cached among them. */
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** English text has about so many characters a token; what was really used is settled afterwards. */
const CHARACTERS_PER_TOKEN = 4;

export function estimateTokens(characters: number): number {
  return Math.ceil(characters / CHARACTERS_PER_TOKEN);
}

/** About how many tokens a part of a request is. Images and files count by the length of what describes them. */
export function estimateInput(...parts: readonly unknown[]): number {
  return estimateTokens(parts.reduce<number>((sum, part) => sum + countCharacters(part), 0));
}

function countCharacters(part: unknown): number {
  return part === undefined || part === null ? 0 : (JSON.stringify(part)?.length ?? 0);
}

/** Counts what a stream emitted while its provider has not said what that was. */
export class EmissionCounter {
  #deltas = 0;
  #characters = 0;

  add(text: unknown): void {
    if (typeof text !== 'string' || text === '') return;
    this.#deltas += 1;
    this.#characters += text.length;
  }

  /** Providers put at least a token into each delta. */
  get tokens(): number {
    return Math.max(this.#deltas, estimateTokens(this.#characters));
  }
}

/** More than any model takes or emits. */
const MAX_COUNT = 1e9;

/** A count of tokens as a provider gave it; anything else is none. */
export function readCount(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(value, MAX_COUNT) : 0;
}
