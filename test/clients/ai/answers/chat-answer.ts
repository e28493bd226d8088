import {
  type AskedModel,
  CREATED,
  dataEvent,
  type ModelAnswer,
  SERVED,
  type SpokenTurn,
  splitDeltas,
  splitJson,
} from './model-turn.js';

const CALL_ID = 'call_Zx1f0J0dXmYw8hQ2cS3bT4vN';

const USAGE = {
  prompt_tokens: SERVED.input,
  completion_tokens: SERVED.output,
  total_tokens: SERVED.input + SERVED.output,
  prompt_tokens_details: { cached_tokens: SERVED.cached, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: SERVED.reasoning,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};

/** Response of OpenAI's Chat Completions API. */
export function chatAnswer(turn: SpokenTurn, { model, stream_options: options }: AskedModel): ModelAnswer {
  const isTool = turn.kind === 'tool';
  const common = {
    id: 'chatcmpl-CfYq0m3X1Zb8vQf7aUjTq2kLr9wSe',
    created: CREATED,
    model: `${model}-2025-08-07`,
    service_tier: 'default',
    system_fingerprint: 'fp_560af6e559',
  };
  const finish = isTool ? 'tool_calls' : 'stop';
  const hasUsage = options?.include_usage === true;
  const chunk = (choices: readonly object[], usage: object | null = null): string =>
    dataEvent({
      ...{ ...common, object: 'chat.completion.chunk', choices },
      ...(hasUsage ? { usage } : {}),
      obfuscation: 'k3X9',
    });
  const delta = (content: object, finish_reason: string | null = null): string =>
    chunk([{ index: 0, delta: content, logprobs: null, finish_reason }]);
  const callDelta = (call: object): string => delta({ tool_calls: [{ index: 0, ...call }] });

  return {
    whole: {
      ...{ ...common, object: 'chat.completion' },
      choices: [{ index: 0, message: messageOf(turn), logprobs: null, finish_reason: finish }],
      usage: USAGE,
    },
    content: isTool
      ? [
          delta({
            ...{ role: 'assistant', content: null },
            tool_calls: [
              { index: 0, id: CALL_ID, type: 'function', function: { name: turn.name, arguments: '' } },
            ],
            refusal: null,
          }),
          ...splitJson(turn.input).map((part) => callDelta({ function: { arguments: part } })),
        ]
      : [
          delta({ role: 'assistant', content: '', refusal: null }),
          ...splitDeltas(turn.text).map((content) => delta({ content })),
        ],
    ending: [delta({}, finish), ...(hasUsage ? [chunk([], USAGE)] : []), 'data: [DONE]\n\n'],
  };
}

function messageOf(turn: SpokenTurn): object {
  const message = { role: 'assistant', refusal: null, annotations: [] };
  if (turn.kind !== 'tool') return { ...message, content: turn.text };
  const called = { name: turn.name, arguments: JSON.stringify(turn.input) };
  return { ...message, content: null, tool_calls: [{ id: CALL_ID, type: 'function', function: called }] };
}
