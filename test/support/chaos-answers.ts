import type { ChaosPlan } from './chaos-plans.js';

/** Event of a stream. */
export interface ChaosEvent {
  readonly text: string;
  /** Words sent so far, including those of this event. */
  readonly words: number;
  /** Whether the event reports the final usage. */
  readonly isReport: boolean;
}

const WORD = 'word';

/** Returns a complete answer of the provider. */
export function wholeAnswer(plan: ChaosPlan): object {
  const usage = plan.kind === 'estimated' ? {} : { usage: usageOf(plan) };
  const text = WORD.repeat(plan.words);
  switch (plan.format) {
    case 'embeddings':
      return { object: 'list', data: [{ index: 0, embedding: [0.25, 0.5] }], ...usage };
    case 'chat': {
      const calls = [{ id: 'c1', type: 'function', function: { name: '', arguments: text } }];
      const message = plan.isToolCall ? { content: null, tool_calls: calls } : { content: text };
      return { id: 'a', choices: [{ index: 0, message, finish_reason: 'stop' }], ...usage };
    }
    case 'responses': {
      const call = { type: 'function_call', call_id: 'c1', name: '', arguments: text };
      const message = { type: 'message', content: [{ type: 'output_text', text }] };
      return { id: 'a', object: 'response', output: [plan.isToolCall ? call : message], ...usage };
    }
    case 'messages':
      return {
        id: 'a',
        type: 'message',
        content: [plan.isToolCall ? toolUse(text) : { type: 'text', text }],
        ...usage,
      };
  }
}

/** The JSON of the input has as many characters as the text. */
function toolUse(text: string): object {
  return { type: 'tool_use', id: 't1', name: '', input: { a: text.slice('{"a":""}'.length) } };
}

function usageOf({ format, input, cached, output, reasoning }: ChaosPlan): object {
  if (format === 'embeddings') return { prompt_tokens: input, total_tokens: input };
  if (format === 'messages') {
    return { input_tokens: input - cached, cache_read_input_tokens: cached, output_tokens: output };
  }
  if (format === 'responses') {
    return {
      ...{ input_tokens: input, output_tokens: output, total_tokens: input + output },
      input_tokens_details: { cached_tokens: cached },
      output_tokens_details: { reasoning_tokens: reasoning },
    };
  }
  return {
    ...{ prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
    prompt_tokens_details: { cached_tokens: cached },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

/** Returns the events of a stream. A broken stream ends after half of its words. */
export function eventsOf(plan: ChaosPlan, isUsageRequested: boolean): readonly ChaosEvent[] {
  const events = allEventsOf(plan, isUsageRequested);
  if (plan.kind !== 'broken') return events;
  return events.filter(({ words, isReport }) => !isReport && words <= wordsUntilBreak(plan));
}

/** Returns the output that Anthropic reports before a stream breaks, if it does. */
export function interimOutput(plan: ChaosPlan): number | undefined {
  return plan.kind === 'broken' && plan.promptLength % 3 === 0 ? 2 * wordsUntilBreak(plan) + 1 : undefined;
}

function allEventsOf(plan: ChaosPlan, isUsageRequested: boolean): readonly ChaosEvent[] {
  if (plan.format === 'chat') return chatEvents(plan, isUsageRequested);
  return plan.format === 'responses' ? responseEvents(plan) : messageEvents(plan);
}

/** Returns the number of words in a stream before it breaks. */
export function wordsUntilBreak({ words }: ChaosPlan): number {
  return Math.floor(words / 2);
}

function chatEvents(plan: ChaosPlan, isUsageRequested: boolean): readonly ChaosEvent[] {
  const { words, isToolCall, kind } = plan;
  const delta = isToolCall
    ? { tool_calls: [{ index: 0, function: { arguments: WORD } }] }
    : { content: WORD };
  const chunk = (fields: object): string => `data: ${JSON.stringify({ id: 'a', ...fields })}\n\n`;
  const reports = isUsageRequested && kind !== 'estimated';
  return [
    { text: chunk({ choices: [{ index: 0, delta: { role: 'assistant' } }] }), words: 0, isReport: false },
    ...Array.from({ length: words }, (_, at) => ({
      ...{ text: chunk({ choices: [{ index: 0, delta }] }), words: at + 1, isReport: false },
    })),
    { text: chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }), words, isReport: false },
    ...(reports ? [{ text: chunk({ choices: [], usage: usageOf(plan) }), words, isReport: true }] : []),
    { text: 'data: [DONE]\n\n', words, isReport: false },
  ];
}

function namedEvent(type: string, fields: object, words: number, isReport = false): ChaosEvent {
  return { text: `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`, words, isReport };
}

function responseEvents(plan: ChaosPlan): readonly ChaosEvent[] {
  const { words, isToolCall, kind } = plan;
  const type = isToolCall ? 'response.function_call_arguments.delta' : 'response.output_text.delta';
  const usage = kind === 'estimated' ? null : usageOf(plan);
  return [
    namedEvent('response.created', { response: { id: 'a', usage: null } }, 0),
    ...Array.from({ length: words }, (_, at) => namedEvent(type, { delta: WORD }, at + 1)),
    namedEvent('response.completed', { response: { id: 'a', usage } }, words, kind !== 'estimated'),
  ];
}

function messageEvents(plan: ChaosPlan): readonly ChaosEvent[] {
  const { words, isToolCall, kind } = plan;
  const delta = isToolCall
    ? { type: 'input_json_delta', partial_json: WORD }
    : { type: 'text_delta', text: WORD };
  const interim = interimOutput(plan);
  const { output_tokens: _, ...input } = { output_tokens: 0, ...usageOf(plan) };
  const usage = kind === 'estimated' ? {} : { usage: { ...input, output_tokens: 1 } };
  const final = kind === 'estimated' ? {} : { usage: { output_tokens: plan.output } };
  return [
    namedEvent('message_start', { message: usage }, 0),
    ...Array.from({ length: words }, (_each, at) =>
      namedEvent('content_block_delta', { index: 0, delta }, at + 1),
    ),
    ...(interim === undefined
      ? []
      : [namedEvent('message_delta', { usage: { output_tokens: interim } }, wordsUntilBreak(plan))]),
    namedEvent(
      'message_delta',
      { delta: { stop_reason: 'end_turn' }, ...final },
      words,
      kind !== 'estimated',
    ),
    namedEvent('message_stop', {}, words),
  ];
}
