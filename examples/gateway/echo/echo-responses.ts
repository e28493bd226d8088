import { randomUUID } from 'node:crypto';
import express, { type Request, type Response, type Router } from 'express';
import { type EchoCall, type Prompt, readPrompt } from './read-prompt.js';
import { rejectAsDirected } from './reject-as-directed.js';
import { type StreamScript, sayWords } from './say-words.js';

/** Creates the route of the echo model in the format of OpenAI's Responses API. */
export function echoResponses(): Router {
  const router = express.Router();
  router.post('/v1/responses', async (req: Request, res: Response) => {
    const prompt = readPrompt(req.body);
    if (rejectAsDirected(res, prompt.directives)) return;
    const frame = frameOf(prompt);
    if (prompt.isStream) return sayWords(res, prompt, scriptOf(prompt, frame));
    res.json(completed(prompt, frame));
  });
  return router;
}

/** Members of a response that remain the same during a stream. */
function frameOf({ model }: Prompt) {
  return {
    id: `resp_${randomUUID()}`,
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    model,
    ...{ error: null, instructions: null, metadata: {}, parallel_tool_calls: true },
    ...{ temperature: null, top_p: null, tool_choice: 'auto', tools: [] },
  };
}

type Frame = ReturnType<typeof frameOf>;

function completed(prompt: Prompt, frame: Frame) {
  const { isTruncated, answer, inputTokens, directives } = prompt;
  return {
    ...frame,
    status: isTruncated ? 'incomplete' : 'completed',
    incomplete_details: isTruncated ? { reason: 'max_output_tokens' } : null,
    output: [itemOf(prompt, frame, 'completed')],
    usage: {
      input_tokens: inputTokens,
      input_tokens_details: { cached_tokens: Math.min(directives.cached, inputTokens) },
      output_tokens: answer.length,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: inputTokens + answer.length,
    },
  };
}

type Item = MessageItem | CallItem;
type MessageItem = ReturnType<typeof messageOf>;
type CallItem = ReturnType<typeof callItemOf>;

function itemOf({ call, answer }: Prompt, frame: Frame, status: string): Item {
  const isStarted = status === 'in_progress';
  if (call !== undefined) return callItemOf(call, frame, status);
  return messageOf(isStarted ? [] : [partOf(answer.join(' '))], frame, status);
}

function messageOf(content: readonly object[], { id }: Frame, status: string) {
  return { type: 'message', id: id.replace('resp', 'msg'), status, role: 'assistant', content };
}

function callItemOf({ kind, name, input }: EchoCall, { id }: Frame, status: string) {
  const shown = status === 'in_progress' ? '' : input;
  const common = { call_id: id.replace('resp', 'call'), name, status };
  return kind === 'custom'
    ? { type: 'custom_tool_call', id: id.replace('resp', 'ctc'), ...common, input: shown }
    : { type: 'function_call', id: id.replace('resp', 'fc'), ...common, arguments: shown };
}

function partOf(text: string) {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

function scriptOf(prompt: Prompt, frame: Frame): StreamScript {
  const { call, answer, isTruncated } = prompt;
  const started = itemOf(prompt, frame, 'in_progress');
  const done = itemOf(prompt, frame, 'completed');
  const response = { ...frame, status: 'in_progress', incomplete_details: null, output: [], usage: null };
  const at = { item_id: done.id, output_index: 0 };
  const inPart = { ...at, content_index: 0 };
  let sequence = 0;
  const text = answer.join(' ');
  return {
    begin: [
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
      { type: 'response.output_item.added', output_index: 0, item: started },
      ...(call === undefined ? [{ type: 'response.content_part.added', ...inPart, part: partOf('') }] : []),
    ],
    word: (delta) => ({
      type: deltaType(call),
      ...(call === undefined ? { ...inPart, logprobs: [] } : at),
      delta,
    }),
    end: [
      ...(call === undefined
        ? [
            { type: 'response.output_text.done', ...inPart, text, logprobs: [] },
            { type: 'response.content_part.done', ...inPart, part: partOf(text) },
          ]
        : [callDone(call, at)]),
      { type: 'response.output_item.done', output_index: 0, item: done },
      {
        type: isTruncated ? 'response.incomplete' : 'response.completed',
        response: completed(prompt, frame),
      },
    ],
    failure: {
      type: 'response.failed',
      response: {
        ...{ ...response, status: 'failed' },
        error: { code: 'server_error', message: 'The echo model failed as requested' },
      },
    },
    format(event) {
      const type = 'type' in event ? event.type : 'error';
      const numbered = { ...event, sequence_number: sequence++ };
      return `event: ${type}\ndata: ${JSON.stringify(numbered)}\n\n`;
    },
    trailer: '',
  };
}

function deltaType(call: EchoCall | undefined): string {
  if (call === undefined) return 'response.output_text.delta';
  return `response.${call.kind === 'custom' ? 'custom_tool_call_input' : 'function_call_arguments'}.delta`;
}

function callDone({ kind, name, input }: EchoCall, at: object): object {
  return kind === 'custom'
    ? { type: 'response.custom_tool_call_input.done', ...at, input }
    : { type: 'response.function_call_arguments.done', ...at, name, arguments: input };
}
