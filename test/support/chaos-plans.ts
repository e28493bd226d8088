/** API formats of the requests. */
export const CHAOS_FORMATS = ['chat', 'messages', 'embeddings'] as const;

/**
 * How the exchange goes. `exact`: the provider reports the usage, or the request fails. `estimated`: the provider reports
 * nothing. `broken`: a stream without its end. `aborted`: the client disconnects at a random moment.
 */
export const CHAOS_KINDS = ['exact', 'estimated', 'broken', 'aborted'] as const;

/** Kind of media in a request. */
type Medium = 'none' | 'image' | 'audio' | 'file';

/** Plan of one exchange. The client sends it to the provider within the request. */
export interface ChaosPlan {
  readonly id: number;
  readonly format: (typeof CHAOS_FORMATS)[number];
  readonly kind: (typeof CHAOS_KINDS)[number];
  readonly isStream: boolean;
  /** Statuses of the first answers. */
  readonly failures: readonly number[];
  /** Counts that the provider reports. */
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly reasoning: number;
  /** Words of the answer, with four characters each. */
  readonly words: number;
  readonly isToolCall: boolean;
  readonly medium: Medium;
  /** Size of the prompt in characters. */
  readonly promptLength: number;
  /** Milliseconds until the client disconnects, and between the parts of an answer that it does not await. */
  readonly leaveAfterMs: number;
}

/** Maximum output in the configuration of the models. */
export const CHAOS_MAX_TOKENS = 16;

/** Creates a plan at random. */
export function createPlan(id: number, random: () => number): ChaosPlan {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <Value>(values: readonly [Value, ...Value[]]): Value =>
    values[below(values.length)] ?? values[0];
  const format = pick(CHAOS_FORMATS);
  const kind = format === 'embeddings' ? pick(['exact', 'estimated', 'aborted'] as const) : pick(CHAOS_KINDS);
  const input = 1 + below(5000);
  const output = format === 'embeddings' ? 0 : 1 + below(3 * CHAOS_MAX_TOKENS);
  const plan: ChaosPlan = {
    ...{ id, format, kind, input, output },
    isStream: format !== 'embeddings' && (kind === 'broken' || random() < 0.5),
    failures: chooseFailures(random(), pick),
    cached: below(input),
    reasoning: format === 'chat' ? below(output) : 0,
    words: 2 + below(2 * CHAOS_MAX_TOKENS),
    isToolCall: random() < 0.3,
    medium: format === 'embeddings' || random() < 0.6 ? 'none' : pick(['image', 'audio', 'file']),
    promptLength: 1 + below(400),
    leaveAfterMs: below(40),
  };
  if (kind !== 'aborted') return plan;
  // Then the bounds of the charge are narrow, whether the provider reports the input or the gateway estimates it.
  const estimate = estimatedInput(plan);
  return { ...plan, input: estimate, cached: below(estimate) };
}

/** Most answers have no failure before them. Some failures lead to the second endpoint, and some to a retry. */
function chooseFailures(
  chance: number,
  pick: (values: readonly [number, ...number[]]) => number,
): readonly number[] {
  if (chance < 0.8) return [];
  if (chance < 0.95) return [pick([429, 500, 503, 529])];
  if (chance < 0.98) return [503, 529];
  return [500, 503, 503];
}

/** Whether the gateway gives up: both endpoints failed, and one of them can have processed the request. */
export function isGivenUp({ failures }: ChaosPlan): boolean {
  return failures.length > 1 && failures.includes(500);
}

/** Data of media, whose length must not matter. */
const DATA = 'iVBORw0KGgo'.repeat(400);

/** Returns the part of the request that the estimate of the input counts. */
function contentOf({ format, medium, promptLength }: ChaosPlan, data: string | number): readonly object[] {
  const text = { type: 'text', text: 'p'.repeat(promptLength) };
  if (medium === 'none') return [text];
  const source = { type: 'base64', media_type: 'image/png', data };
  const parts = {
    chat: {
      image: {
        type: 'image_url',
        image_url: typeof data === 'number' ? data : { url: `data:image/png;base64,${data}` },
      },
      audio: { type: 'input_audio', input_audio: typeof data === 'number' ? data : { data, format: 'wav' } },
      file: { type: 'file', file: typeof data === 'number' ? data : { file_data: data } },
    },
    messages: {
      image: { type: 'image', source: typeof data === 'number' ? data : source },
      audio: { type: 'input_audio', input_audio: data },
      file: { type: 'document', source: typeof data === 'number' ? data : source },
    },
  };
  const part = parts[format === 'chat' ? 'chat' : 'messages'][medium];
  // Anthropic's results of tools contain media, too.
  const isNested = format === 'messages' && promptLength % 2 === 0;
  return [text, isNested ? { type: 'tool_result', tool_use_id: 't1', content: [part] } : part];
}

/** Returns the request that a client sends. */
export function requestOf(plan: ChaosPlan): { readonly path: string; readonly body: object } {
  const { format, kind, isStream } = plan;
  const shared = { model: `${format}-${kind}`, plan };
  if (format === 'embeddings') {
    return { path: '/v1/embeddings', body: { ...shared, input: 'p'.repeat(plan.promptLength) } };
  }
  const messages = [{ role: 'user', content: contentOf(plan, DATA) }];
  const limit = format === 'messages' ? { max_tokens: 2 * CHAOS_MAX_TOKENS } : {};
  return {
    path: format === 'chat' ? '/v1/chat/completions' : '/v1/messages',
    body: { ...shared, ...limit, stream: isStream, messages },
  };
}

const MEDIA_TOKENS = { none: 0, image: 1600, audio: 2000, file: 777 };

/** Fields of the models in the API key file: the value for files is not the default. */
export const CHAOS_MODEL_FIELDS = `max_tokens: ${CHAOS_MAX_TOKENS}, media_tokens: { file: ${MEDIA_TOKENS.file} }`;

/** Returns the documented estimate of the input: a token for 4 characters, and a fixed number for media. */
export function estimatedInput(plan: ChaosPlan): number {
  const text =
    plan.format === 'embeddings'
      ? JSON.stringify('p'.repeat(plan.promptLength))
      : JSON.stringify([{ role: 'user', content: contentOf(plan, 0) }]);
  // The data is replaced by one digit.
  const length = text.length - (plan.medium === 'none' ? 0 : 1);
  return Math.ceil(length / 4) + MEDIA_TOKENS[plan.medium];
}
