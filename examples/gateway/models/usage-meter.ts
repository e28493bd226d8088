import {
  completeUsage,
  EmissionCounter,
  type ReportedUsage,
  type TokenUsage,
  usageSoFar,
} from './token-usage.js';
import type { DataEvent, StreamMeter } from './wire-format.js';

/**
 * Meter of a stream. A class, because V8 allocates the getters of an object literal in the old generation. They would retain
 * the request until the next major garbage collection.
 */
export abstract class UsageMeter implements StreamMeter {
  isComplete = false;
  protected readonly emitted = new EmissionCounter();
  /** Counts that the provider has reported. */
  protected reported: ReportedUsage = {};
  readonly #inputTokens: number;

  /** @param inputTokens estimated number of input tokens, until the provider reports it. */
  constructor(inputTokens: number) {
    this.#inputTokens = inputTokens;
  }

  abstract relay(event: DataEvent): string;

  get isWhole(): boolean {
    return this.isComplete;
  }

  get awaitsOutput(): boolean {
    return this.emitted.tokens === 0 && !this.isWhole;
  }

  get usage(): TokenUsage {
    const estimated = { inputTokens: this.#inputTokens, outputTokens: this.emitted.tokens };
    return this.isWhole ? completeUsage(this.reported, estimated) : usageSoFar(this.reported, estimated);
  }
}
