import {
  type AskedModel,
  CREATED,
  type ModelAnswer,
  namedEvent,
  SERVED,
  type SpokenTurn,
  splitDeltas,
  splitJson,
} from './model-turn.js';

const RESPONSE_ID = 'resp_68af4030baa48193b0b43b4c2a176a1a0e6967589f080e78';
const MESSAGE_ID = 'msg_68af40337e58819392e935fb404414d00e6967589f080e78';
const CALL = { id: 'fc_68af40333e5c8193a1b2c3d4e5f60718', call_id: 'call_Zx1f0J0dXmYw8hQ2cS3bT4vN' };

const USAGE = {
  input_tokens: SERVED.input,
  input_tokens_details: { cached_tokens: SERVED.cached },
  output_tokens: SERVED.output,
  output_tokens_details: { reasoning_tokens: SERVED.reasoning },
  total_tokens: SERVED.input + SERVED.output,
};

/** Response of OpenAI's Responses API. */
export function responsesAnswer(turn: SpokenTurn, { model }: AskedModel): ModelAnswer {
  const { begun, deltas, closing, finished } = turn.kind === 'tool' ? callItem(turn) : messageItem(turn.text);
  const response = (status: string, output: readonly object[], usage: object | null): object => ({
    ...{ id: RESPONSE_ID, object: 'response', created_at: CREATED, status, background: false },
    ...{ error: null, incomplete_details: null, instructions: null, max_output_tokens: null },
    ...{ model: `${model}-2025-08-07`, output, parallel_tool_calls: true, previous_response_id: null },
    ...{ reasoning: { effort: 'medium', summary: null }, service_tier: 'default', store: true },
    ...{ temperature: 1, text: { format: { type: 'text' }, verbosity: 'medium' }, tool_choice: 'auto' },
    ...{ tools: [], top_p: 1, truncation: 'disabled', usage, user: null, metadata: {} },
  });
  const whole = response('completed', [finished], USAGE);
  const content = [
    { type: 'response.created', response: response('in_progress', [], null) },
    { type: 'response.in_progress', response: response('in_progress', [], null) },
    { type: 'response.output_item.added', output_index: 0, item: begun },
    ...deltas,
  ];
  const ending = [
    ...closing,
    { type: 'response.output_item.done', output_index: 0, item: finished },
    { type: 'response.completed', response: whole },
  ];
  const events = [...content, ...ending].map((event, sequence_number) =>
    namedEvent({ ...event, sequence_number }),
  );
  return { whole, content: events.slice(0, content.length), ending: events.slice(content.length) };
}

/** Output item as it begins and ends, and the events between. */
interface OutputItem {
  readonly begun: object;
  readonly deltas: readonly TypedEvent[];
  readonly closing: readonly TypedEvent[];
  readonly finished: object;
}

type TypedEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

function messageItem(text: string): OutputItem {
  const at = { item_id: MESSAGE_ID, output_index: 0, content_index: 0 };
  const message = { id: MESSAGE_ID, type: 'message', role: 'assistant' };
  const part = { type: 'output_text', annotations: [], logprobs: [], text };
  return {
    begun: { ...message, status: 'in_progress', content: [] },
    deltas: [
      { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
      ...splitDeltas(text).map((delta) => ({
        ...{ type: 'response.output_text.delta', ...at, delta, logprobs: [], obfuscation: 'k3X9' },
      })),
    ],
    closing: [
      { type: 'response.output_text.done', ...at, text, logprobs: [] },
      { type: 'response.content_part.done', ...at, part },
    ],
    finished: { ...message, status: 'completed', content: [part] },
  };
}

function callItem({ name, input }: { readonly name: string; readonly input: object }): OutputItem {
  const at = { item_id: CALL.id, output_index: 0 };
  const call = { ...CALL, type: 'function_call', name };
  const whole = JSON.stringify(input);
  return {
    begun: { ...call, status: 'in_progress', arguments: '' },
    deltas: splitJson(input).map((delta) => ({
      ...{ type: 'response.function_call_arguments.delta', ...at, delta, obfuscation: 'k3X9' },
    })),
    closing: [{ type: 'response.function_call_arguments.done', ...at, arguments: whole }],
    finished: { ...call, status: 'completed', arguments: whole },
  };
}
