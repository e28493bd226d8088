import { randomUUID } from 'node:crypto';
import express, { type Request, type Response, type Router } from 'express';
import { type Prompt, readPrompt } from './read-prompt.js';
import { rejectAsDirected } from './reject-as-directed.js';
import { sayWords } from './say-words.js';

/** Creates the routes of the echo model in Anthropic's format. */
export function echoAnthropic(): Router {
  const router = express.Router();
  router.post('/v1/messages', async (req: Request, res: Response) => {
    const prompt = readPrompt(req.body);
    if (rejectAsDirected(res, prompt.directives)) return;
    if (prompt.isStream) return sayWords(res, prompt, scriptOf(prompt));
    const content = [contentOf(prompt)];
    const usage = usageOf(prompt, prompt.answer.length);
    res.json({ ...nameAnswer(prompt), content, stop_reason: stopReason(prompt), stop_sequence: null, usage });
  });
  router.post('/v1/messages/count_tokens', (req, res) => {
    res.json({ input_tokens: readPrompt(req.body).inputTokens });
  });
  return router;
}

function contentOf({ call, answer }: Prompt) {
  if (call === undefined) return { type: 'text', text: answer.join(' ') };
  const { name, input } = call;
  return { type: 'tool_use', id: `toolu_${randomUUID()}`, name, input: JSON.parse(input) };
}

function nameAnswer({ model }: Prompt) {
  return { id: `msg_${randomUUID()}`, type: 'message', role: 'assistant', model };
}

/** Returns the usage. Cached and uncached input tokens are separate counts. */
function usageOf({ inputTokens, directives: { cached } }: Prompt, outputTokens: number) {
  const read = Math.min(cached, inputTokens);
  return {
    input_tokens: inputTokens - read,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: read,
    output_tokens: outputTokens,
  };
}

function scriptOf(prompt: Prompt) {
  const message = { ...nameAnswer(prompt), content: [], stop_reason: null, stop_sequence: null };
  const delta = { stop_reason: stopReason(prompt), stop_sequence: null };
  const { call } = prompt;
  const block = call === undefined ? { type: 'text', text: '' } : { ...contentOf(prompt), input: {} };
  return {
    begin: [
      { type: 'message_start', message: { ...message, usage: usageOf(prompt, 1) } },
      { type: 'content_block_start', index: 0, content_block: block },
      { type: 'ping' },
    ],
    word: (text: string) => ({ type: 'content_block_delta', index: 0, delta: deltaOf(prompt, text) }),
    end: [
      { type: 'content_block_stop', index: 0 },
      { type: 'message_delta', delta, usage: { output_tokens: prompt.answer.length } },
      { type: 'message_stop' },
    ],
    failure: {
      type: 'error',
      error: { type: 'overloaded_error', message: 'The echo model failed as requested' },
    },
    format: (event: object) => `event: ${typeOf(event)}\ndata: ${JSON.stringify(event)}\n\n`,
    trailer: '',
  };
}

function deltaOf({ call }: Prompt, text: string): object {
  return call === undefined ? { type: 'text_delta', text } : { type: 'input_json_delta', partial_json: text };
}

function typeOf(event: object): string {
  return 'type' in event ? String(event.type) : 'ping';
}

function stopReason({ isTruncated, call }: Prompt): string {
  if (call !== undefined) return 'tool_use';
  return isTruncated ? 'max_tokens' : 'end_turn';
}
