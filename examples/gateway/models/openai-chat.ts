import type { JsonObject } from 'passport-jwe';
import type { ModelConfiguration, ModelEndpoint, TokenLimitMember } from 'passport-jwe/api-keys';
import { z } from 'zod';
import { editJson, type JsonChange, type JsonChanges } from '../json/edit-json.js';
import { messagesIn, textsOfMessage } from './chat-texts.js';
import { estimateInput } from './estimate-input.js';
import { CHAT_MEMBERS } from './known-members.js';
import { parseEventData } from './parse-event-data.js';
import { isUnset, listOf, messageList, modelName, readBody, tokenCount } from './read-body.js';
import { withData } from './split-events.js';
import { type ReportedUsage, readCountAt } from './token-usage.js';
import { MAX_TOOLS, namesOfCalls, namesOfChoice, namesOfTools, toolChoice, toolList } from './tool-names.js';
import { UsageMeter } from './usage-meter.js';
import { type DataEvent, formatEvent, type ModelRequest, type WireFormat } from './wire-format.js';

const chatSchema = z.object({
  model: modelName,
  messages: messageList,
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: tokenCount.nullish(),
  max_completion_tokens: tokenCount.nullish(),
  n: z.int().min(1).max(128).nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  tools: toolList,
  tool_choice: toolChoice,
  functions: listOf(z.looseObject({ name: z.string() }), MAX_TOOLS).nullish(),
  response_format: z.unknown().optional(),
  prediction: z.unknown().optional(),
  function_call: toolChoice,
});

const NO_LIMIT = Number.POSITIVE_INFINITY;

/** Settings of a chat. Without the input and unknown members, which then occupy no memory while the provider responds. */
type ChatSettings = Pick<
  z.output<typeof chatSchema>,
  'stream' | 'stream_options' | 'max_tokens' | 'max_completion_tokens' | 'n' | 'temperature' | 'top_p'
>;

interface ChatRequest extends ModelRequest {
  /** Whether the client requested usage data in the stream. */
  readonly wantsUsage: boolean;
}

/** Wire format of OpenAI's Chat Completions API, which many providers support. */
export const openaiChat: WireFormat<ChatRequest> = {
  route: '/v1/chat/completions',
  endpointSuffix: '/chat/completions',
  members: CHAT_MEMBERS,
  forwardedHeaders: [],
  authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),

  read(body) {
    const {
      messages,
      tools,
      tool_choice: choice,
      functions,
      function_call: call,
      response_format: format,
      prediction,
      model,
      ...chat
    } = readBody(chatSchema, body);
    const { stream, stream_options: options } = chat;
    return {
      model,
      isStream: stream === true,
      wantsUsage: options?.include_usage === true,
      toolNames: [
        ...namesOfTools(tools),
        ...(functions ?? []).map(({ name }) => name),
        ...[choice, call].flatMap(namesOfChoice),
        ...namesOfCalls(messages),
      ],
      choices: chat.n ?? 1,
      inputEstimate: estimateInput(messages, tools, functions, format, prediction),
      maxOutput: (configuration) => maxOutputOf(chat, configuration) * (chat.n ?? 1),
      changesFor: (configuration, endpoint) => changesFor(chat, configuration, endpoint),
    };
  },

  usageOf: ({ usage }) => readUsage(usage),
  textsOf: ({ choices }) => messagesIn(choices, 'message').flatMap(textsOfMessage),
  meter: ({ wantsUsage }, { requestUsage }, inputTokens) =>
    new ChatMeter(inputTokens, requestUsage && !wantsUsage),
  breakEvent: (body) => formatEvent({ data: JSON.stringify(body) }),
};

/** Returns the changes that the configuration of the model requires. Without any, the body passes unchanged. */
function changesFor(
  chat: ChatSettings,
  { explicit: { maxTokens, temperature } }: ModelConfiguration,
  { requestUsage, tokenLimitMember }: ModelEndpoint,
): JsonChanges {
  const changes = new Map<string, JsonChange>(limitOutput(chat, maxTokens, tokenLimitMember));
  // Providers recommend to set one of the two, and some reject both.
  if (temperature !== undefined && isUnset(chat.temperature) && isUnset(chat.top_p)) {
    changes.set('temperature', { kind: 'set', value: temperature });
  }
  if (requestUsage && chat.stream === true && chat.stream_options?.include_usage !== true) {
    const usage: JsonChanges = new Map([['include_usage', { kind: 'set', value: true }]]);
    changes.set('stream_options', { kind: 'within', changes: usage });
  }
  return changes;
}

/** Applies the configured limit, in the configured member. Newer models reject `max_tokens`. */
function limitOutput(
  chat: ChatSettings,
  maxTokens: number | undefined,
  tokenLimitMember: TokenLimitMember | undefined,
): readonly (readonly [string, JsonChange])[] {
  const requested = requestedLimit(chat);
  const limit = Math.min(requested, maxTokens ?? NO_LIMIT);
  if (limit === NO_LIMIT) return [];
  const set: JsonChange = { kind: 'set', value: limit };
  if (tokenLimitMember !== undefined) {
    const other = tokenLimitMember === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
    const isSet = chat[tokenLimitMember] === limit;
    return [
      ...(isSet ? [] : [[tokenLimitMember, set] as const]),
      ...(chat[other] === undefined ? [] : [[other, { kind: 'remove' }] as const]),
    ];
  }
  if (requested === NO_LIMIT) return [['max_completion_tokens', set]];
  const isTooHigh = (name: TokenLimitMember): boolean => (chat[name] ?? 0) > (maxTokens ?? NO_LIMIT);
  return TOKEN_LIMIT_MEMBERS.filter(isTooHigh).map((name) => [name, set]);
}

const TOKEN_LIMIT_MEMBERS: readonly TokenLimitMember[] = ['max_tokens', 'max_completion_tokens'];

/** Returns the smaller limit in the request, or infinity. */
function requestedLimit({ max_tokens: old, max_completion_tokens: current }: ChatSettings): number {
  return Math.min(old ?? NO_LIMIT, current ?? NO_LIMIT);
}

/**
 * Returns the maximum output. If the request has both limits, this is the larger one, because the provider can use
 * either. If neither the file nor the request limits the output, this is an estimate.
 */
function maxOutputOf(chat: ChatSettings, { explicit, maxTokens }: ModelConfiguration): number {
  const requested = Math.max(chat.max_tokens ?? 0, chat.max_completion_tokens ?? 0) || NO_LIMIT;
  const limit = Math.min(requested, explicit.maxTokens ?? NO_LIMIT);
  return limit === NO_LIMIT ? maxTokens : limit;
}

/**
 * Reads the usage. `prompt_tokens` includes cached tokens. Some providers count reasoning tokens in `total_tokens` but not
 * in `completion_tokens`.
 */
function readUsage(usage: unknown): ReportedUsage {
  const inputTokens = readCountAt(usage, 'prompt_tokens');
  const completion = readCountAt(usage, 'completion_tokens');
  const total = readCountAt(usage, 'total_tokens');
  const others = total === undefined || inputTokens === undefined ? undefined : total - inputTokens;
  return {
    inputTokens,
    outputTokens: others === undefined ? completion : Math.max(completion ?? 0, others),
    cachedTokens: readCountAt(usage, 'prompt_tokens_details', 'cached_tokens'),
    reasoningTokens: readCountAt(usage, 'completion_tokens_details', 'reasoning_tokens'),
  };
}

class ChatMeter extends UsageMeter {
  readonly #hidesUsage: boolean;
  /** Choices that have begun, and whether they are finished. */
  readonly #finished = new Map<number, boolean>();

  /** @param hidesUsage whether to remove the usage from the stream, because only the gateway requested it. */
  constructor(inputTokens: number, hidesUsage: boolean) {
    super(inputTokens);
    this.#hidesUsage = hidesUsage;
  }

  relay(event: DataEvent): string {
    if (event.data === '[DONE]') {
      this.isComplete = true;
      return event.raw;
    }
    const chunk = parseEventData(event.data);
    for (const delta of messagesIn(chunk['choices'], 'delta')) this.emitted.add(...textsOfMessage(delta));
    for (const { index, isFinished } of choicesOf(chunk)) this.#finished.set(index, isFinished);
    // The counts are cumulative: each replaces the previous ones.
    if (!isUnset(chunk['usage'])) this.reported = readUsage(chunk['usage']);
    if (!this.#hidesUsage || !('usage' in chunk)) return event.raw;
    const { usage, choices } = chunk;
    const isUsageAlone = Array.isArray(choices) && choices.length === 0 && Boolean(usage);
    return isUsageAlone ? '' : withData(event, withoutUsage(event.data));
  }

  /** Some providers end streams without `[DONE]`. */
  override get isWhole(): boolean {
    return this.isComplete || (this.#finished.size > 0 && [...this.#finished.values()].every(Boolean));
  }
}

function withoutUsage(data: string): string {
  return editJson(Buffer.from(data), new Map([['usage', { kind: 'remove' }]])).toString();
}

const choicesSchema = z.array(
  z.looseObject({ index: z.number().nullish(), finish_reason: z.string().nullish() }),
);

function choicesOf(chunk: JsonObject): readonly { readonly index: number; readonly isFinished: boolean }[] {
  const { data = [] } = choicesSchema.safeParse(chunk['choices']);
  return data.map(({ index, finish_reason: reason }) => ({
    index: index ?? 0,
    isFinished: !isUnset(reason),
  }));
}
