import type { JsonObject } from 'passport-jwe';
import type { ModelConfiguration } from 'passport-jwe/api-keys';
import { z } from 'zod';
import { parseEventData } from './parse-event-data.js';
import { json, modelName, namesOfTools, readBody, tokenCount, toolList } from './read-body.js';
import { EmissionCounter, estimateInput, readCount, type TokenUsage } from './token-usage.js';
import { formatEvent, type ModelRequest, type StreamMeter, type WireFormat } from './wire-format.js';

const chatSchema = z.looseObject({
  model: modelName,
  messages: z.array(z.looseObject({ role: z.string() })).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: tokenCount.nullish(),
  max_completion_tokens: tokenCount.nullish(),
  n: z.int().min(1).max(128).nullish(),
  temperature: z.number().nullish(),
  tools: toolList,
  functions: z.array(z.looseObject({ name: z.string() })).nullish(),
});

type ChatBody = z.output<typeof chatSchema>;

interface ChatRequest extends ModelRequest {
  /** Whether the client requested usage data in the stream. */
  readonly wantsUsage: boolean;
}

/** Wire format of OpenAI's Chat Completions API, which many providers support. */
export const openaiChat: WireFormat<ChatRequest> = {
  route: '/v1/chat/completions',
  endpointSuffix: '/chat/completions',
  forwardedHeaders: [],
  authorize: (apiKey) => ({ authorization: `Bearer ${apiKey}` }),

  read(body) {
    const chat = readBody(chatSchema, body);
    const { messages, tools, functions, model, stream, stream_options: options } = chat;
    return {
      model,
      isStream: stream === true,
      wantsUsage: options?.include_usage === true,
      toolNames: [...namesOfTools(tools), ...(functions ?? []).map(({ name }) => name)],
      inputEstimate: estimateInput(messages, tools, functions),
      maxOutput: (configuration) => capOf(chat, configuration) * (chat.n ?? 1),
      bodyFor: (configuration) => complete(chat, configuration),
    };
  },

  usageOf: ({ usage }) => readUsage(usage),
  meter: ({ inputEstimate, wantsUsage }) => meterChat(inputEstimate, wantsUsage),
  breakEvent: (body) => formatEvent({ data: JSON.stringify(body) }),
};

/** Builds the body for the provider. Newer models reject `max_tokens` and require `max_completion_tokens`. */
function complete(chat: ChatBody, model: ModelConfiguration): JsonObject {
  const cap = capOf(chat, model);
  const hasOldName = typeof chat.max_tokens === 'number';
  const hasNewName = typeof chat.max_completion_tokens === 'number' || !hasOldName;
  return json.parse({
    ...chat,
    temperature: chat.temperature ?? model.temperature,
    ...(hasOldName ? { max_tokens: cap } : {}),
    ...(hasNewName ? { max_completion_tokens: cap } : {}),
    ...(chat.stream === true ? { stream_options: { ...chat.stream_options, include_usage: true } } : {}),
  });
}

function capOf(chat: ChatBody, { maxTokens }: ModelConfiguration): number {
  return Math.min(maxTokens, chat.max_tokens ?? maxTokens, chat.max_completion_tokens ?? maxTokens);
}

const usageSchema = z.looseObject({ prompt_tokens: z.number(), completion_tokens: z.number().optional() });

/** Reads the usage. `prompt_tokens` includes cached tokens. */
function readUsage(usage: unknown): TokenUsage | undefined {
  const { success, data } = usageSchema.safeParse(usage);
  if (!success) return undefined;
  return { inputTokens: readCount(data.prompt_tokens), outputTokens: readCount(data.completion_tokens) };
}

const deltaSchema = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        delta: z
          .looseObject({
            content: z.string().nullish(),
            refusal: z.string().nullish(),
            reasoning_content: z.string().nullish(),
            tool_calls: z
              .array(
                z.looseObject({ function: z.looseObject({ arguments: z.string().nullish() }).nullish() }),
              )
              .nullish(),
          })
          .nullish(),
      }),
    )
    .nullish(),
});

function meterChat(inputEstimate: number, wantsUsage: boolean): StreamMeter {
  const emitted = new EmissionCounter();
  let reported: TokenUsage | undefined;
  let isComplete = false;

  return {
    relay(event) {
      if (event.data === '[DONE]') {
        isComplete = true;
        return formatEvent(event);
      }
      const chunk = parseEventData(event.data);
      countDeltas(chunk, emitted);
      reported = readUsage(chunk['usage']) ?? reported;
      if (wantsUsage) return formatEvent(event);
      const { usage, ...rest } = chunk;
      const isUsageAlone = Array.isArray(rest['choices']) && rest['choices'].length === 0 && Boolean(usage);
      return isUsageAlone ? '' : formatEvent({ ...event, data: JSON.stringify(rest) });
    },
    get isComplete() {
      return isComplete;
    },
    get usage() {
      return reported ?? { inputTokens: inputEstimate, outputTokens: emitted.tokens };
    },
  };
}

function countDeltas(chunk: JsonObject, emitted: EmissionCounter): void {
  const { data } = deltaSchema.safeParse(chunk);
  for (const { delta } of data?.choices ?? []) {
    emitted.add(delta?.content);
    emitted.add(delta?.refusal);
    emitted.add(delta?.reasoning_content);
    for (const call of delta?.tool_calls ?? []) emitted.add(call.function?.arguments);
  }
}
