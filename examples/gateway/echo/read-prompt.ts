import { z } from 'zod';
import { type Directives, readDirectives } from './read-directives.js';

const text = z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]);

/** Content of a message. The result of a tool is text within a part of a message. */
const content = z.union([
  z.string(),
  z.array(z.looseObject({ text: z.string().optional(), content: text.nullish() })),
]);

/** Tool in any API format. */
const toolSchema = z.looseObject({
  type: z.string().optional(),
  name: z.string().optional(),
  function: z.looseObject({ name: z.string() }).optional(),
  custom: z.looseObject({ name: z.string() }).optional(),
  input_schema: z.unknown().optional(),
});

const promptSchema = z.looseObject({
  model: z.string(),
  system: content.nullish(),
  instructions: z.string().nullish(),
  messages: z.array(z.looseObject({ content: content.nullish() })).optional(),
  input: z
    .union([z.string(), z.array(z.looseObject({ content: content.nullish(), output: content.nullish() }))])
    .optional(),
  tools: z.array(toolSchema).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.number().nullish(),
  max_completion_tokens: z.number().nullish(),
  max_output_tokens: z.number().nullish(),
});

/** Call of a tool by the echo model. */
export interface EchoCall {
  readonly kind: 'function' | 'custom';
  readonly name: string;
  /** JSON object for a function, otherwise the message. */
  readonly input: string;
}

/** Request to the echo model, in any API format. */
export interface Prompt {
  readonly model: string;
  readonly isStream: boolean;
  readonly wantsUsage: boolean;
  readonly directives: Directives;
  /** Number of input tokens. Each word is one token. */
  readonly inputTokens: number;
  /** Words of the answer, or of the input of a call. */
  readonly answer: readonly string[];
  /** Call instead of an answer. */
  readonly call: EchoCall | undefined;
  /** Whether the answer was truncated at the maximum number of tokens. */
  readonly isTruncated: boolean;
}

/**
 * Parses the body of a request to the echo model.
 *
 * @throws ZodError if the body contains no prompt.
 */
export function readPrompt(body: unknown): Prompt {
  const request = promptSchema.parse(body);
  const texts = textsOf(request);
  const directives = readDirectives(texts.at(-1) ?? '');
  const { max_completion_tokens: chat, max_tokens: message, max_output_tokens: response } = request;
  const maxTokens = chat ?? message ?? response ?? directives.words.length;
  const call = callOf(request.tools, directives);
  return {
    model: request.model,
    isStream: request.stream === true,
    wantsUsage: request.stream_options?.include_usage === true,
    directives,
    inputTokens: countWords(texts.join(' ')),
    answer: call?.input.split(' ') ?? directives.words.slice(0, maxTokens),
    call,
    isTruncated: call === undefined && directives.words.length > maxTokens,
  };
}

/** Returns the texts of a conversation in order. */
function textsOf({ system, instructions, messages = [], input = [] }: z.output<typeof promptSchema>) {
  const items = typeof input === 'string' ? [{ content: input, output: undefined }] : input;
  const said = [...messages.map((each) => each.content), ...items.map((each) => each.output ?? each.content)];
  return [system, instructions, ...said].map(textOf);
}

function callOf(
  tools: z.output<typeof promptSchema>['tools'],
  { call, words }: Directives,
): EchoCall | undefined {
  const tool = call === undefined ? undefined : tools?.[call - 1];
  if (tool === undefined) return undefined;
  // In Anthropic's format, functions have the type `custom` too.
  const isText = tool.type === 'custom' && tool.input_schema === undefined;
  const kind = isText ? 'custom' : 'function';
  const name = tool.function?.name ?? tool.custom?.name ?? tool.name ?? '';
  const text = words.join(' ');
  return { kind, name, input: kind === 'custom' || isObject(text) ? text : '{}' };
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** Counts the words of a message. */
export function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}

function textOf(value: z.output<typeof content> | null | undefined): string {
  if (typeof value === 'string') return value;
  return (value ?? []).map((part) => part.text ?? textOf(part.content)).join(' ');
}
