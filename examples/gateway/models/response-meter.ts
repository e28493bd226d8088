import type { JsonObject } from 'passport-jwe';
import { ERROR_REPORTED, parseEventObject } from './parse-event-data.js';
import { isUnset, json } from './read-body.js';
import { redactEvent } from './redact-secrets.js';
import { type ReportedUsage, readCountAt } from './token-usage.js';
import { UsageMeter } from './usage-meter.js';
import { type DataEvent, StreamBrokenError } from './wire-format.js';

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
export class ResponseMeter extends UsageMeter {
  readonly #secrets: readonly string[];

  /** @param secrets secrets of the endpoint, which are removed from errors. */
  constructor(inputTokens: number, secrets: readonly string[]) {
    super(inputTokens);
    this.#secrets = secrets;
  }

  relay(event: DataEvent): string {
    const data = parseEventObject(event.data);
    this.emitted.add(textOf(data));
    const usage = json.safeParse(data['response']).data?.['usage'];
    if (!isUnset(usage)) this.reported = readResponseUsage(usage);
    if (isFailure(data)) {
      throw new StreamBrokenError(ERROR_REPORTED, { lastEvent: redactEvent(event, data, this.#secrets) });
    }
    this.isComplete ||= FINAL.has(data['type']);
    return event.raw;
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
