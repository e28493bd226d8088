import type { JsonObject } from 'passport-jwe';
import type { ModelConfiguration } from 'passport-jwe/api-keys';
import { z } from 'zod';
import { parseEventData } from './parse-event-data.js';
import { json, modelName, namesOfTools, readBody, tokenCount, toolList } from './read-body.js';
import { EmissionCounter, estimateInput, readCount, type TokenUsage } from './token-usage.js';
import { formatEvent, type ModelRequest, type StreamMeter, type WireFormat } from './wire-format.js';

const messagesSchema = z.looseObject({
  model: modelName,
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  max_tokens: tokenCount,
  system: z.union([z.string(), z.array(z.unknown())]).nullish(),
  stream: z.boolean().nullish(),
  temperature: z.number().nullish(),
  thinking: z.looseObject({ type: z.string() }).nullish(),
  tools: toolList,
});

type MessagesBody = z.output<typeof messagesSchema>;

/** Default API version for requests without `anthropic-version`. */
const DEFAULT_VERSION = '2023-06-01';

const shared = {
  endpointSuffix: '/messages',
  forwardedHeaders: ['anthropic-version', 'anthropic-beta'],
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
      maxOutput: ({ maxTokens }) => Math.min(request.max_tokens, maxTokens),
      bodyFor: (configuration) => complete(request, configuration),
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
      bodyFor: () => json.parse(request),
    };
  },

  usageOf: () => ({ inputTokens: 0, outputTokens: 0 }),
};

/** Builds the body for the provider. With `thinking`, only the default temperature is allowed. */
function complete(request: MessagesBody, { maxTokens, temperature }: ModelConfiguration): JsonObject {
  const isThinking = request.thinking !== undefined && request.thinking?.type !== 'disabled';
  return json.parse({
    ...request,
    max_tokens: Math.min(request.max_tokens, maxTokens),
    ...(isThinking ? {} : { temperature: request.temperature ?? Math.min(1, temperature) }),
  });
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
      return formatEvent(event);
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
