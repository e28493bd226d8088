import { InvalidRequestError } from 'passport-jwe';
import type { ModelConfiguration } from 'passport-jwe/api-keys';
import { z } from 'zod';
import type { JsonChange, JsonChanges } from '../json/edit-json.js';
import { MESSAGES_MEMBERS } from './known-members.js';
import { parseEventData } from './parse-event-data.js';
import { isUnset, messageList, modelName, readBody, tokenCount } from './read-body.js';
import { EmissionCounter, estimateInput, readCount, type TokenUsage } from './token-usage.js';
import { namesOfTools, toolList } from './tool-names.js';
import { formatEvent, type ModelRequest, type StreamMeter, type WireFormat } from './wire-format.js';

const messagesSchema = z.looseObject({
  model: modelName,
  messages: messageList,
  max_tokens: tokenCount,
  system: z.union([z.string(), z.array(z.unknown())]).nullish(),
  stream: z.boolean().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  thinking: z.looseObject({ type: z.string(), budget_tokens: z.int().nullish() }).nullish(),
  tools: toolList,
});

type MessagesBody = z.output<typeof messagesSchema>;

/** Default API version for requests without `anthropic-version`. */
const DEFAULT_VERSION = '2023-06-01';

const shared = {
  endpointSuffix: '/messages',
  members: MESSAGES_MEMBERS,
  forwardedHeaders: ['anthropic-version', 'anthropic-beta'],
  forwardedQuery: ['beta'],
  authorize: (apiKey: string) => ({ 'x-api-key': apiKey }),
  defaultHeaders: { 'anthropic-version': DEFAULT_VERSION },
};

/** Wire format of Anthropic's Messages API. */
export const anthropicMessages: WireFormat<ModelRequest> = {
  ...shared,
  route: '/v1/messages',

  read(body) {
    const request = readBody(messagesSchema, body);
    const { model, messages, system, tools, stream } = request;
    return {
      model,
      isStream: stream === true,
      toolNames: namesOfTools(tools),
      inputEstimate: estimateInput(messages, system, tools),
      maxOutput: ({ explicit: { maxTokens } }) =>
        Math.min(request.max_tokens, maxTokens ?? request.max_tokens),
      changesFor: (configuration) => changesFor(request, configuration),
    };
  },

  usageOf: ({ usage }) => readUsage(usage),
  meter: ({ inputEstimate }) => meterMessages(inputEstimate),
  breakEvent: (body) => formatEvent({ event: 'error', data: JSON.stringify(body) }),
};

/** Wire format of Anthropic's token-counting API. Requests consume no tokens. */
export const anthropicTokenCount: WireFormat<ModelRequest> = {
  ...anthropicMessages,
  route: '/v1/messages/count_tokens',
  endpointExtension: '/count_tokens',

  read(body) {
    const request = readBody(messagesSchema.omit({ max_tokens: true }), body);
    return {
      model: request.model,
      isStream: false,
      toolNames: namesOfTools(request.tools),
      inputEstimate: 0,
      maxOutput: () => 0,
      changesFor: () => new Map(),
    };
  },

  usageOf: () => ({ inputTokens: 0, outputTokens: 0 }),
};

/** Returns the changes that the configuration of the model requires. Without any, the body passes unchanged. */
function changesFor(request: MessagesBody, { explicit }: ModelConfiguration): JsonChanges {
  const { maxTokens = request.max_tokens, temperature } = explicit;
  const changes = new Map<string, JsonChange>();
  if (request.max_tokens > maxTokens) {
    changes.set('max_tokens', { kind: 'set', value: maxTokens });
    for (const [name, change] of limitThinking(request, maxTokens)) changes.set(name, change);
  }
  // With `thinking`, Anthropic accepts only the default temperature, and newer models reject it beside `top_p`.
  const isThinking = !isUnset(request.thinking) && request.thinking?.type !== 'disabled';
  if (temperature !== undefined && !isThinking && isUnset(request.temperature) && isUnset(request.top_p)) {
    changes.set('temperature', { kind: 'set', value: Math.min(MAX_TEMPERATURE, temperature) });
  }
  return changes;
}

const MAX_TEMPERATURE = 1;

/** Minimum of `thinking.budget_tokens`, which must also be less than `max_tokens`. */
const MIN_THINKING_BUDGET = 1024;

/**
 * Lowers the thinking budget in proportion to `max_tokens`, if it would otherwise be too large.
 *
 * @throws InvalidRequestError if the limit leaves no room for thinking.
 */
function limitThinking({ thinking, max_tokens: requested }: MessagesBody, maxTokens: number): JsonChanges {
  const budget = thinking?.budget_tokens;
  if (isUnset(budget) || budget < maxTokens) return new Map();
  const lowered = Math.max(MIN_THINKING_BUDGET, Math.floor((budget * maxTokens) / requested));
  if (budget < requested && lowered >= maxTokens) {
    throw new InvalidRequestError(
      `thinking.budget_tokens: the gateway limits max_tokens of this model to ${maxTokens}, which is too small for ` +
        'thinking. Remove thinking from the request',
    );
  }
  const changes: JsonChanges = new Map([['budget_tokens', { kind: 'set', value: lowered }]]);
  return new Map([['thinking', { kind: 'within', changes }]]);
}

const usageSchema = z.looseObject({
  input_tokens: z.number().nullish(),
  cache_creation_input_tokens: z.number().nullish(),
  cache_read_input_tokens: z.number().nullish(),
  output_tokens: z.number().nullish(),
});

type Usage = z.output<typeof usageSchema>;

/** Sums the usage. `input_tokens` excludes tokens read from the cache or written to it. */
function sumUsage(usage: Usage): TokenUsage {
  const input = [usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens];
  return {
    inputTokens: input.reduce<number>((sum, count) => sum + readCount(count), 0),
    outputTokens: readCount(usage.output_tokens),
  };
}

function readUsage(usage: unknown): TokenUsage | undefined {
  const { success, data } = usageSchema.safeParse(usage);
  return success ? sumUsage(data) : undefined;
}

const eventSchema = z.looseObject({
  type: z.string(),
  message: z.looseObject({ usage: usageSchema }).nullish(),
  usage: usageSchema.nullish(),
  delta: z
    .looseObject({
      text: z.string().nullish(),
      thinking: z.string().nullish(),
      partial_json: z.string().nullish(),
    })
    .nullish(),
});

function meterMessages(inputEstimate: number): StreamMeter {
  const emitted = new EmissionCounter();
  let reported: Usage = { input_tokens: inputEstimate };
  let isComplete = false;

  return {
    relay(event) {
      const { data } = eventSchema.safeParse(parseEventData(event.data));
      // The counts are cumulative: each replaces the previous one.
      reported = { ...reported, ...withoutNull(data?.message?.usage), ...withoutNull(data?.usage) };
      for (const text of [data?.delta?.text, data?.delta?.thinking, data?.delta?.partial_json]) {
        emitted.add(text);
      }
      isComplete ||= data?.type === 'message_stop';
      return event.raw;
    },
    get isComplete() {
      return isComplete;
    },
    get usage() {
      const { inputTokens, outputTokens } = sumUsage(reported);
      // The final count is complete. Earlier counts lag behind the emitted text.
      return {
        inputTokens,
        outputTokens: isComplete ? outputTokens : Math.max(outputTokens, emitted.tokens),
      };
    },
  };
}

function withoutNull(usage: Usage | null | undefined): Usage {
  return Object.fromEntries(Object.entries(usage ?? {}).filter(([, count]) => count !== null));
}
