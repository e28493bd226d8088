import { randomUUID } from 'node:crypto';
import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { countWords, type EchoCall, type Prompt, readPrompt } from './read-prompt.js';
import { rejectAsDirected } from './reject-as-directed.js';
import { sayWords } from './say-words.js';

/** Creates the routes of the echo model in OpenAI's format. */
export function echoOpenai(): Router {
  const router = express.Router();
  router.post('/v1/chat/completions', async (req: Request, res: Response) => {
    const prompt = readPrompt(req.body);
    if (rejectAsDirected(res, prompt.directives)) return;
    if (prompt.isStream) return sayWords(res, prompt, scriptOf(prompt));
    res.json(completion(prompt));
  });
  router.post('/v1/embeddings', (req, res) => {
    res.json(embed(embeddingsSchema.parse(req.body)));
  });
  return router;
}

function usageOf({ inputTokens, answer, directives: { cached } }: Prompt) {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: answer.length,
    total_tokens: inputTokens + answer.length,
    prompt_tokens_details: { cached_tokens: Math.min(cached, inputTokens) },
  };
}

function completion(prompt: Prompt) {
  const { call, answer } = prompt;
  const said =
    call === undefined ? { content: answer.join(' ') } : { content: null, tool_calls: [callOf(call)] };
  return {
    ...nameAnswer(prompt, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', ...said, refusal: null },
        logprobs: null,
        finish_reason: finishReason(prompt),
      },
    ],
    usage: usageOf(prompt),
  };
}

function scriptOf(prompt: Prompt) {
  const frame = nameAnswer(prompt, 'chat.completion.chunk');
  const usage = prompt.wantsUsage ? { usage: null } : {};
  const chunk = (delta: object, finish_reason: string | null = null): object => ({
    ...frame,
    choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    ...usage,
  });
  const last = prompt.wantsUsage ? [{ ...frame, choices: [], usage: usageOf(prompt) }] : [];
  const { call } = prompt;
  const begin = { id: `call_${randomUUID()}`, index: 0 };
  return {
    begin:
      call === undefined
        ? [chunk({ role: 'assistant', content: '' })]
        : [
            chunk({
              role: 'assistant',
              content: null,
              tool_calls: [{ ...begin, ...inputOf(call, '', true) }],
            }),
          ],
    word: (text: string) =>
      chunk(call === undefined ? { content: text } : { tool_calls: [{ index: 0, ...inputOf(call, text) }] }),
    end: [chunk({}, finishReason(prompt)), ...last],
    failure: { error: { message: 'The echo model failed as requested', type: 'server_error' } },
    format: (event: object) => `data: ${JSON.stringify(event)}\n\n`,
    trailer: 'data: [DONE]\n\n',
  };
}

function nameAnswer({ model }: Prompt, object: string) {
  return { id: `chatcmpl-${randomUUID()}`, object, created: Math.floor(Date.now() / 1000), model };
}

function finishReason({ isTruncated, call }: Prompt): string {
  if (call !== undefined) return 'tool_calls';
  return isTruncated ? 'length' : 'stop';
}

function callOf(call: EchoCall): object {
  return { id: `call_${randomUUID()}`, ...inputOf(call, call.input, true) };
}

/** Returns the input of a call, or a part of it. The first part has a name. */
function inputOf({ kind, name }: EchoCall, input: string, isNamed = false): object {
  const named = isNamed ? { name } : {};
  return kind === 'custom'
    ? { type: kind, custom: { ...named, input } }
    : { type: kind, function: { ...named, arguments: input } };
}

const embeddingsSchema = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.unknown())]),
  encoding_format: z.string().nullish(),
});

const DIMENSIONS = 8;

/** Returns a deterministic embedding of a string. */
function embed({ model, input, encoding_format: format }: z.output<typeof embeddingsSchema>) {
  const texts = (Array.isArray(input) ? input : [input]).map(String);
  const tokens = texts.reduce((sum, text) => sum + countWords(text), 0);
  const data = texts.map((text, index) => {
    const place = placeOf(text);
    const embedding =
      format === 'base64' ? Buffer.from(new Float32Array(place).buffer).toString('base64') : place;
    return { object: 'embedding', index, embedding };
  });
  return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

function placeOf(text: string): readonly number[] {
  const sums = new Array<number>(DIMENSIONS).fill(1);
  for (const [index, character] of [...text].entries()) {
    const axis = index % DIMENSIONS;
    sums[axis] = (sums[axis] ?? 0) + (character.codePointAt(0) ?? 0);
  }
  const length = Math.hypot(...sums);
  return sums.map((sum) => sum / length);
}
