import type { JsonObject } from 'passport-jwe';
import { ERROR_REPORTED, parseEventObject } from './parse-event-data.js';
import { isUnset, json } from './read-body.js';
import { redactEvent } from './redact-secrets.js';
import {
  completeUsage,
  EmissionCounter,
  type ReportedUsage,
  readCountAt,
  type TokenUsage,
  usageSoFar,
} from './token-usage.js';
import { type DataEvent, StreamBrokenError, type StreamMeter } from './wire-format.js';

/** Reads the usage of a response. `input_tokens` includes cached tokens, `output_tokens` includes reasoning. */
export function readResponseUsage(usage: unknown): ReportedUsage {
  return {
    inputTokens: readCountAt(usage, 'input_tokens'),
    outputTokens: readCountAt(usage, 'output_tokens'),
    cachedTokens: readCountAt(usage, 'input_tokens_details', 'cached_tokens'),
    reasoningTokens: readCountAt(usage, 'output_tokens_details', 'reasoning_tokens'),
  };
}

/** Types of the events that end a complete stream. */
const FINAL: ReadonlySet<unknown> = new Set(['response.completed', 'response.incomplete']);

/**
 * Counts the usage of a stream of OpenAI's Responses API. If the provider reports an error, the event reaches the client
 * without secrets, because clients read its code and delay.
 */
export class ResponseMeter implements StreamMeter {
  readonly #inputTokens: number;
  readonly #secrets: readonly string[];
  readonly #emitted = new EmissionCounter();
  #reported: ReportedUsage = {};
  #isComplete = false;

  /** @param secrets secrets of the endpoint, which are removed from errors. */
  constructor(inputTokens: number, secrets: readonly string[]) {
    this.#inputTokens = inputTokens;
    this.#secrets = secrets;
  }

  relay(event: DataEvent): string {
    const data = parseEventObject(event.data);
    this.#emitted.add(textOf(data));
    const usage = json.safeParse(data['response']).data?.['usage'];
    if (!isUnset(usage)) this.#reported = readResponseUsage(usage);
    if (isFailure(data)) {
      throw new StreamBrokenError(ERROR_REPORTED, { lastEvent: redactEvent(event, data, this.#secrets) });
    }
    this.#isComplete ||= FINAL.has(data['type']);
    return event.raw;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  get awaitsOutput(): boolean {
    return this.#emitted.tokens === 0 && !this.#isComplete;
  }

  get usage(): TokenUsage {
    const estimated = { inputTokens: this.#inputTokens, outputTokens: this.#emitted.tokens };
    return this.#isComplete
      ? completeUsage(this.#reported, estimated)
      : usageSoFar(this.#reported, estimated);
  }
}

function isFailure({ type, error }: JsonObject): boolean {
  return type === 'error' || type === 'response.failed' || !isUnset(error);
}

/** Returns the output in an event: text, reasoning, and arguments of tools. Audio is not text. */
function textOf({ type, delta }: JsonObject): unknown {
  return typeof type === 'string' && type.endsWith('.delta') && type !== 'response.audio.delta'
    ? delta
    : undefined;
}
