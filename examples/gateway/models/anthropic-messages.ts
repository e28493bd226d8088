import { InvalidRequestError } from 'passport-jwe';
import type { ModelConfiguration } from 'passport-jwe/api-keys';
import { z } from 'zod';
import type { JsonChange, JsonChanges } from '../json/edit-json.js';
import { estimateInput } from './estimate-input.js';
import { MESSAGES_MEMBERS } from './known-members.js';
import { parseEventData } from './parse-event-data.js';
import { isUnset, json, messageList, modelName, readBody, tokenCount } from './read-body.js';
import { type ReportedUsage, readCountAt } from './token-usage.js';
import { namesOfCalls, namesOfChoice, namesOfTools, toolChoice, toolList } from './tool-names.js';
import { UsageMeter } from './usage-meter.js';
import { type DataEvent, formatEvent, type ModelRequest, type WireFormat } from './wire-format.js';

const messagesSchema = z.object({
  model: modelName,
  messages: messageList,
  max_tokens: tokenCount,
  system: z.union([z.string(), z.array(z.unknown())]).nullish(),
  stream: z.boolean().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  thinking: z.object({ type: z.string(), budget_tokens: z.int().nullish() }).nullish(),
  tools: toolList,
  output_config: z.unknown().optional(),
  output_format: z.unknown().optional(),
  tool_choice: toolChoice,
});

/** Settings of a request. Without the input and unknown members, which then occupy no memory while the provider responds. */
type MessagesSettings = Pick<
  z.output<typeof messagesSchema>,
  'max_tokens' | 'thinking' | 'temperature' | 'top_p'
>;

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
    const {
      model,
      messages,
      system,
      tools,
      tool_choice: choice,
      output_config: config,
      output_format: format,
      stream,
      ...request
    } = readBody(messagesSchema, body);
    return {
      model,
      isStream: stream === true,
      toolNames: namesOfRequest({ tools, tool_choice: choice, messages }),
      inputEstimate: estimateInput(messages, system, tools, config, format),
      maxOutput: ({ explicit: { maxTokens } }) =>
        Math.min(request.max_tokens, maxTokens ?? request.max_tokens),
      changesFor: (configuration) => changesFor(request, configuration),
    };
  },

  usageOf: ({ usage }) => sumUsage(readCounts(usage)),
  textsOf: ({ content }) => (Array.isArray(content) ? content.flatMap(textsOfBlock) : []),
  meter: (_request, _endpoint, inputTokens) => new MessageMeter(inputTokens),
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
      toolNames: namesOfRequest(request),
      inputEstimate: () => 0,
      maxOutput: () => 0,
      changesFor: () => new Map(),
    };
  },

  usageOf: () => ({ inputTokens: 0, outputTokens: 0 }),
};

function namesOfRequest({
  tools,
  tool_choice: choice,
  messages,
}: Pick<z.output<typeof messagesSchema>, 'tools' | 'tool_choice' | 'messages'>): readonly string[] {
  return [...namesOfTools(tools), ...namesOfChoice(choice), ...namesOfCalls(messages)];
}

/** Returns the changes that the configuration of the model requires. Without any, the body passes unchanged. */
function changesFor(request: MessagesSettings, { explicit }: ModelConfiguration): JsonChanges {
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
function limitThinking(
  { thinking, max_tokens: requested }: MessagesSettings,
  maxTokens: number,
): JsonChanges {
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

/** Counts of Anthropic. `input_tokens` excludes tokens read from the cache or written to it. */
const USAGE_MEMBERS = [
  ...['input_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens', 'output_tokens'],
] as const;

type Usage = Partial<Record<(typeof USAGE_MEMBERS)[number], number>>;

/** Reads the counts that are present. */
function readCounts(usage: unknown): Usage {
  const counts = USAGE_MEMBERS.map((name) => [name, readCountAt(usage, name)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count !== undefined));
}

/** Sums the input. Thinking tokens are part of the output, and not reported apart. */
function sumUsage(usage: Usage): ReportedUsage {
  const {
    input_tokens: uncached,
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
  } = usage;
  return {
    inputTokens: uncached === undefined ? undefined : uncached + (written ?? 0) + (read ?? 0),
    outputTokens: usage.output_tokens,
    cachedTokens: read,
  };
}

const blockSchema = z.looseObject({
  text: z.string().nullish(),
  thinking: z.string().nullish(),
  name: z.string().nullish(),
  input: json.nullish(),
});

function textsOfBlock(block: unknown): readonly unknown[] {
  const { text, thinking, name, input } = blockSchema.safeParse(block).data ?? {};
  return [text, thinking, name, isUnset(input) ? undefined : JSON.stringify(input)];
}

const eventSchema = z.looseObject({
  type: z.string(),
  message: z.looseObject({ usage: z.unknown().optional() }).nullish(),
  usage: z.unknown().optional(),
  content_block: z.looseObject({ name: z.string().nullish() }).nullish(),
  delta: z
    .looseObject({
      text: z.string().nullish(),
      thinking: z.string().nullish(),
      partial_json: z.string().nullish(),
    })
    .nullish(),
});

class MessageMeter extends UsageMeter {
  #counts: Usage = {};

  relay(event: DataEvent): string {
    const { data } = eventSchema.safeParse(parseEventData(event.data));
    // The counts are cumulative: each replaces the previous one.
    this.#counts = { ...this.#counts, ...readCounts(data?.message?.usage), ...readCounts(data?.usage) };
    this.reported = sumUsage(this.#counts);
    this.emitted.add(
      data?.content_block?.name,
      data?.delta?.text,
      data?.delta?.thinking,
      data?.delta?.partial_json,
    );
    this.isComplete ||= data?.type === 'message_stop';
    return event.raw;
  }
}
