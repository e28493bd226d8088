import { z } from 'zod';
import { type Directives, readDirectives } from './read-directives.js';

const content = z.union([z.string(), z.array(z.looseObject({ text: z.string().optional() }))]);

const promptSchema = z.looseObject({
  model: z.string(),
  system: content.nullish(),
  messages: z.array(z.looseObject({ content: content.nullish() })),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.number().nullish(),
  max_completion_tokens: z.number().nullish(),
});

/** Request to the echo model, in either API format. */
export interface Prompt {
  readonly model: string;
  readonly isStream: boolean;
  readonly wantsUsage: boolean;
  readonly directives: Directives;
  /** Number of input tokens. Each word is one token. */
  readonly inputTokens: number;
  readonly answer: readonly string[];
  /** Whether the answer was truncated at the maximum number of tokens. */
  readonly isTruncated: boolean;
}

/**
 * Parses the body of a request to the echo model.
 *
 * @throws ZodError if the body contains no prompt.
 */
export function readPrompt(body: unknown): Prompt {
  const { model, system, messages, stream, stream_options: options, ...limits } = promptSchema.parse(body);
  const texts = [system, ...messages.map((message) => message.content)].map(textOf);
  const directives = readDirectives(texts.at(-1) ?? '');
  const maxTokens = limits.max_completion_tokens ?? limits.max_tokens ?? directives.words.length;
  return {
    model,
    isStream: stream === true,
    wantsUsage: options?.include_usage === true,
    directives,
    inputTokens: countWords(texts.join(' ')),
    answer: directives.words.slice(0, maxTokens),
    isTruncated: directives.words.length > maxTokens,
  };
}

/** Counts the words of a message. */
export function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}

function textOf(value: z.output<typeof content> | null | undefined): string {
  if (typeof value === 'string') return value;
  return (value ?? []).map((part) => part.text ?? '').join(' ');
}
