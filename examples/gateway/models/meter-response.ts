import type { JsonObject } from 'passport-jwe';
import { z } from 'zod';
import { ERROR_REPORTED, parseEventObject } from './parse-event-data.js';
import { isUnset, json } from './read-body.js';
import { redactSecrets } from './redact-secrets.js';
import { EmissionCounter, readCount, type TokenUsage } from './token-usage.js';
import { StreamBrokenError, type StreamMeter } from './wire-format.js';

const usageSchema = z.looseObject({ input_tokens: z.number(), output_tokens: z.number().optional() });

/** Reads the usage of a response. `input_tokens` includes cached tokens, `output_tokens` includes reasoning. */
export function readResponseUsage(usage: unknown): TokenUsage | undefined {
  const { success, data } = usageSchema.safeParse(usage);
  if (!success) return undefined;
  return { inputTokens: readCount(data.input_tokens), outputTokens: readCount(data.output_tokens) };
}

/** Types of the events that end a complete stream. */
const FINAL: ReadonlySet<unknown> = new Set(['response.completed', 'response.incomplete']);

/**
 * Counts the usage of a stream of OpenAI's Responses API. If the provider reports an error, the event reaches the client
 * without secrets, because clients read its code and delay.
 *
 * @param secrets secrets of the endpoint, which are removed from errors.
 */
export function meterResponse(inputEstimate: number, secrets: readonly string[]): StreamMeter {
  const emitted = new EmissionCounter();
  let reported: TokenUsage | undefined;
  let isComplete = false;

  return {
    relay(event) {
      const data = parseEventObject(event.data);
      emitted.add(textOf(data));
      reported = readResponseUsage(json.safeParse(data['response']).data?.['usage']) ?? reported;
      if (isFailure(data)) {
        throw new StreamBrokenError(ERROR_REPORTED, { lastEvent: redactSecrets(event.raw, secrets) });
      }
      isComplete ||= FINAL.has(data['type']);
      return event.raw;
    },
    get isComplete() {
      return isComplete;
    },
    get usage() {
      return reported ?? { inputTokens: inputEstimate, outputTokens: emitted.tokens };
    },
  };
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
