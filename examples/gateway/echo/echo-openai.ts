import { randomUUID } from 'node:crypto';
import express, { type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import { countWords, type Prompt, readPrompt } from './read-prompt.js';
import { refuseAsTold } from './refuse-as-told.js';
import { sayWords } from './say-words.js';

/** Creates the routes of the echo model in OpenAI's format. */
export function echoOpenai(): Router {
  const router = express.Router();
  router.post('/v1/chat/completions', async (req: Request, res: Response) => {
    const prompt = readPrompt(req.body);
    if (refuseAsTold(res, prompt.directives)) return;
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
  return {
    ...nameAnswer(prompt, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: prompt.answer.join(' '), refusal: null },
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
  return {
    begin: [chunk({ role: 'assistant', content: '' })],
    word: (content: string) => chunk({ content }),
    end: [chunk({}, finishReason(prompt)), ...last],
    failure: { error: { message: 'The echo model failed as requested', type: 'server_error' } },
    format: (event: object) => `data: ${JSON.stringify(event)}\n\n`,
    trailer: 'data: [DONE]\n\n',
  };
}

function nameAnswer({ model }: Prompt, object: string) {
  return { id: `chatcmpl-${randomUUID()}`, object, created: Math.floor(Date.now() / 1000), model };
}

function finishReason({ isTruncated }: Prompt): string {
  return isTruncated ? 'length' : 'stop';
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
