import { randomUUID } from 'node:crypto';
import { InvalidRequestError } from 'passport-jwe';

/** The part of a chat request that the echo model reads. */
export interface ChatRequest {
  readonly model: string;
  /** Texts of the messages, in their order. */
  readonly texts: readonly string[];
}

/** @throws InvalidRequestError where it is no chat request that the echo model understands. */
export function readChatRequest(body: unknown): ChatRequest {
  const { model, messages, stream }: Record<string, unknown> = isObject(body) ? body : {};
  if (typeof model !== 'string') throw new InvalidRequestError('model must be text');
  if (stream === true) throw new InvalidRequestError('The echo model does not stream');
  if (!Array.isArray(messages) || messages.length === 0)
    throw new InvalidRequestError('messages must be a list');
  return { model, texts: messages.map(readText) };
}

/** A word counts as a token. */
export function countTokens(texts: readonly string[]): number {
  return texts.join(' ').split(/\s+/).length;
}

/** Answers with the last message, in as many words as allowed. */
export function completeByEcho({ model, texts }: ChatRequest, maxTokens: number) {
  const words = (texts.at(-1) ?? '').split(/\s+/).filter((word) => word !== '');
  const answer = words.slice(0, maxTokens);
  const promptTokens = countTokens(texts);
  return {
    id: `chatcmpl-${randomUUID()}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: answer.join(' '), refusal: null },
        logprobs: null,
        finish_reason: answer.length < words.length ? 'length' : 'stop',
      },
    ],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens: answer.length,
      total_tokens: promptTokens + answer.length,
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function readText(message: unknown): string {
  const content = isObject(message) ? message['content'] : undefined;
  if (typeof content !== 'string')
    throw new InvalidRequestError('Each message must have a text as its content');
  return content;
}
