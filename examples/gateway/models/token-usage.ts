import { isJsonObject } from './read-body.js';

/** Number of model tokens that a request used. */
export interface TokenUsage {
  /** Number of input tokens, including cached tokens. */
  readonly inputTokens: number;
  /** Number of output tokens, including reasoning tokens. */
  readonly outputTokens: number;
  /** Number of input tokens that the provider read from a cache, if the provider reported it. */
  readonly cachedTokens?: number | undefined;
  /** Number of output tokens for reasoning, if the provider reported it. */
  readonly reasoningTokens?: number | undefined;
  /**
   * `estimate` if the gateway estimated the output. Such an output is charged up to the reservation. The input is the
   * count of the provider, or else the estimate that was reserved.
   */
  readonly source: 'provider' | 'estimate';
}

/** Numbers of input and output tokens, for example those that a request has reserved. */
export type TokenCounts = Pick<TokenUsage, 'inputTokens' | 'outputTokens'>;

/** Counts that a provider has reported. Any of them can be missing. */
export type ReportedUsage = { readonly [Count in Exclude<keyof TokenUsage, 'source'>]?: number | undefined };

/** Usage of a request that no provider has processed. */
export const NOTHING: TokenUsage = { inputTokens: 0, outputTokens: 0, source: 'estimate' };

/** Returns the usage of a complete answer: the counts of the provider, and estimates for the missing ones. */
export function completeUsage(reported: ReportedUsage, estimated: TokenCounts): TokenUsage {
  return {
    ...reported,
    inputTokens: reported.inputTokens ?? estimated.inputTokens,
    outputTokens: reported.outputTokens ?? estimated.outputTokens,
    source: reported.outputTokens === undefined ? 'estimate' : 'provider',
  };
}

/** Returns the usage of an incomplete answer. Its reported output can lag behind the emitted text. */
export function usageSoFar(reported: ReportedUsage, estimated: TokenCounts): TokenUsage {
  const { outputTokens = 0, ...others } = reported;
  return completeUsage(outputTokens < estimated.outputTokens ? others : reported, estimated);
}

/** Whether a stream has produced no output, and the provider has reported none. */
export function isSilent({ outputTokens, source }: TokenUsage): boolean {
  return outputTokens === 0 && source === 'estimate';
}

/** Limits an estimated output to the reservation. Counts of the provider are exact and have no limit. */
export function limitEstimate(usage: TokenUsage, reserved: TokenCounts): TokenUsage {
  if (usage.source === 'provider') return usage;
  return { ...usage, outputTokens: Math.min(usage.outputTokens, reserved.outputTokens) };
}

/** Output tokens per second of one answer, more than most models generate. */
const OUTPUT_PER_SECOND = 200;

/**
 * Estimates the usage of a request whose client disconnected before the gateway received any output.
 *
 * @param elapsedMs time since the provider received the request, in milliseconds.
 * @param choices number of answers that the provider generates at the same time.
 */
export function estimateUnseen(
  { inputTokens, outputTokens }: TokenCounts,
  elapsedMs: number,
  choices = 1,
): TokenUsage {
  const generated = Math.ceil((elapsedMs / 1000) * OUTPUT_PER_SECOND * choices);
  return { inputTokens, outputTokens: Math.min(generated, outputTokens), source: 'estimate' };
}

/** Returns the usage of a stream without output: its reported counts, and an estimate of the unseen output. */
export function withUnseen(reported: TokenUsage, unseen: TokenUsage): TokenUsage {
  if (isSilent(reported)) return unseen;
  if (reported.outputTokens >= unseen.outputTokens) return reported;
  return { ...reported, outputTokens: unseen.outputTokens, source: 'estimate' };
}

/** Approximate length of a token in bytes of UTF-8, in English as in Chinese, for estimates before the usage is known. */
const BYTES_PER_TOKEN = 4;

/** Estimates the number of tokens for a number of bytes of UTF-8. */
export function estimateTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

/** Estimates the output tokens of a stream until the provider reports the usage. */
export class EmissionCounter {
  #deltas = 0;
  #bytes = 0;

  /** Adds the texts of one delta. Values that are not strings have no effect. */
  add(...texts: readonly unknown[]): void {
    const bytes = countBytes(texts);
    if (bytes === 0) return;
    this.#deltas += 1;
    this.#bytes += bytes;
  }

  /** Estimated number of tokens, at least one for each delta. */
  get tokens(): number {
    return Math.max(this.#deltas, estimateTokens(this.#bytes));
  }
}

/** Estimates the output tokens of a complete answer from its texts. Values that are not strings have no effect. */
export function estimateOutput(texts: readonly unknown[]): number {
  return estimateTokens(countBytes(texts));
}

function countBytes(texts: readonly unknown[]): number {
  return texts.reduce<number>(
    (sum, text) => sum + (typeof text === 'string' ? Buffer.byteLength(text) : 0),
    0,
  );
}

/** Maximum plausible token count, higher than the limit of any model. */
const MAX_COUNT = 1e9;

/** Returns a token count from a provider, or 0 if the count is invalid. */
export function readCount(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(value, MAX_COUNT) : 0;
}

/** Returns the token count at a path of members of an answer, or `undefined` if it is missing or invalid. */
export function readCountAt(value: unknown, ...path: readonly string[]): number | undefined {
  const [name, ...others] = path;
  if (name === undefined) return typeof value === 'number' && value >= 0 ? readCount(value) : undefined;
  return readCountAt(isJsonObject(value) ? value[name] : undefined, ...others);
}
