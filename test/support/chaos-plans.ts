/** API formats of the requests. */
export const CHAOS_FORMATS = ['chat', 'responses', 'messages', 'embeddings'] as const;

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
    reasoning: format === 'chat' || format === 'responses' ? below(output) : 0,
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

/** Type of a content part, the member with its data, and the value of this member. */
type MediaPart = readonly [type: string, member: string, value: (data: string) => unknown];

const source = (data: string): object => ({ type: 'base64', media_type: 'image/png', data });
const dataUrl = (data: string): string => `data:image/png;base64,${data}`;
const audio: MediaPart = ['input_audio', 'input_audio', (data) => ({ data, format: 'wav' })];

const MEDIA: Readonly<
  Record<Exclude<ChaosPlan['format'], 'embeddings'>, Readonly<Record<Exclude<Medium, 'none'>, MediaPart>>>
> = {
  chat: {
    image: ['image_url', 'image_url', (data) => ({ url: dataUrl(data) })],
    audio,
    file: ['file', 'file', (data) => ({ file_data: data })],
  },
  responses: {
    image: ['input_image', 'image_url', dataUrl],
    audio,
    file: ['input_file', 'file_data', dataUrl],
  },
  messages: { image: ['image', 'source', source], audio, file: ['document', 'source', source] },
};

/** Returns the part of the request that the estimate of the input counts. Without data, media contain a digit instead. */
function inputOf(plan: ChaosPlan, data?: string): unknown {
  const { format, medium, promptLength } = plan;
  const prompt = 'p'.repeat(promptLength);
  if (format === 'embeddings') return prompt;
  const text = { type: format === 'responses' ? 'input_text' : 'text', text: prompt };
  if (medium === 'none') return [{ role: 'user', content: [text] }];
  const [type, member, wrap] = MEDIA[format][medium];
  const part = { type, [member]: data === undefined ? 0 : wrap(data) };
  // Results of tools contain media, too.
  const isNested = format === 'messages' && promptLength % 2 === 0;
  const content = isNested ? { type: 'tool_result', tool_use_id: 't1', content: [part] } : part;
  return [{ role: 'user', content: [text, content] }];
}

const ROUTES = {
  chat: { path: '/v1/chat/completions', input: 'messages', fields: {} },
  responses: { path: '/v1/responses', input: 'input', fields: {} },
  messages: { path: '/v1/messages', input: 'messages', fields: { max_tokens: 2 * CHAOS_MAX_TOKENS } },
  embeddings: { path: '/v1/embeddings', input: 'input', fields: {} },
};

/** Returns the request that a client sends. */
export function requestOf(plan: ChaosPlan): { readonly path: string; readonly body: object } {
  const { path, input, fields } = ROUTES[plan.format];
  const stream = plan.isStream ? { stream: true } : {};
  const model = `${plan.format}-${plan.kind}`;
  return { path, body: { model, plan, ...fields, ...stream, [input]: inputOf(plan, DATA) } };
}

const MEDIA_TOKENS = { none: 0, image: 1600, audio: 2000, file: 777 };

/** Fields of the models in the API key file: the value for files is not the default. */
export const CHAOS_MODEL_FIELDS = `max_tokens: ${CHAOS_MAX_TOKENS}, media_tokens: { file: ${MEDIA_TOKENS.file} }`;

/** Returns the documented estimate of the input: a token for 4 bytes of UTF-8, and a fixed number for media. */
export function estimatedInput(plan: ChaosPlan): number {
  const digits = plan.medium === 'none' ? 0 : 1;
  const length = Buffer.byteLength(JSON.stringify(inputOf(plan))) - digits;
  return Math.ceil(length / 4) + MEDIA_TOKENS[plan.medium];
}
