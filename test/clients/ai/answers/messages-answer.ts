import {
  type AskedModel,
  type ModelAnswer,
  namedEvent,
  SERVED,
  type SpokenTurn,
  splitDeltas,
  splitJson,
} from './model-turn.js';

const CALL_ID = 'toolu_01A09q90qw90lq917835lq9';

const INPUT_USAGE = {
  input_tokens: SERVED.input - SERVED.cached,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: SERVED.cached,
  cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
  service_tier: 'standard',
};

/** Response of Anthropic's Messages API. */
export function messagesAnswer(turn: SpokenTurn, { model }: AskedModel): ModelAnswer {
  const isTool = turn.kind === 'tool';
  const common = { model, id: 'msg_01XFDUDYJgAACzvnptvVoYEL', type: 'message', role: 'assistant' };
  const stop = { stop_reason: isTool ? 'tool_use' : 'end_turn', stop_sequence: null };
  const tool = { type: 'tool_use', id: CALL_ID, name: isTool ? turn.name : '' };
  const delta = (part: object): string => namedEvent({ type: 'content_block_delta', index: 0, delta: part });

  return {
    whole: {
      ...common,
      content: isTool ? [{ ...tool, input: turn.input }] : [{ type: 'text', text: turn.text }],
      ...stop,
      usage: { ...INPUT_USAGE, output_tokens: SERVED.output },
    },
    content: [
      namedEvent({
        type: 'message_start',
        message: {
          ...{ ...common, content: [], stop_reason: null, stop_sequence: null },
          usage: { ...INPUT_USAGE, output_tokens: 1 },
        },
      }),
      namedEvent({
        ...{ type: 'content_block_start', index: 0 },
        content_block: isTool ? { ...tool, input: {} } : { type: 'text', text: '' },
      }),
      namedEvent({ type: 'ping' }),
      ...(isTool
        ? ['', ...splitJson(turn.input)].map((part) =>
            delta({ type: 'input_json_delta', partial_json: part }),
          )
        : splitDeltas(turn.text).map((text) => delta({ type: 'text_delta', text }))),
    ],
    ending: [
      namedEvent({ type: 'content_block_stop', index: 0 }),
      namedEvent({
        ...{ type: 'message_delta', delta: stop },
        usage: {
          input_tokens: INPUT_USAGE.input_tokens,
          cache_creation_input_tokens: 0,
          cache_read_input_tokens: SERVED.cached,
          output_tokens: SERVED.output,
        },
      }),
      namedEvent({ type: 'message_stop' }),
    ],
  };
}
