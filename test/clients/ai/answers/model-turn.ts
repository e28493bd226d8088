/** What a model says in one response. */
export type ModelTurn =
  | { readonly kind: 'text'; readonly text: string }
  /** Asks the client to run a tool. */
  | { readonly kind: 'tool'; readonly name: string; readonly input: object }
  /** Streams the text, and then stays open until the client leaves. */
  | { readonly kind: 'held'; readonly text: string }
  | ProviderError;

/** Error response of a provider. */
export interface ProviderError {
  readonly kind: 'error';
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Turn that a provider answers with 200. */
export type SpokenTurn = Exclude<ModelTurn, ProviderError>;

/** Response in the format of an API, as a whole and as a stream. */
export interface ModelAnswer {
  readonly whole: object;
  /** Events up to the end of the content. */
  readonly content: readonly string[];
  /** Events after the content, for example the usage. */
  readonly ending: readonly string[];
}

/** Members of a request that shape the response. */
export interface AskedModel {
  readonly model: string;
  readonly stream?: boolean;
  readonly encoding_format?: string;
  readonly stream_options?: { readonly include_usage?: boolean };
}

/** Usage that every response reports. */
export const SERVED = { input: 57, cached: 32, output: 17, reasoning: 5 } as const;

/** Time of all responses, in seconds. */
export const CREATED = 1_764_000_000;

/** Splits text into deltas as models send them: words with the space before them. */
export function splitDeltas(text: string): readonly string[] {
  return text.match(/\s*\S+/g) ?? [];
}

/** Splits JSON into deltas of a few characters, which can end within a string. */
export function splitJson(value: object): readonly string[] {
  return JSON.stringify(value).match(/.{1,7}/gs) ?? [];
}

/** Event of OpenAI's chats, which have data alone. */
export function dataEvent(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

/** Event whose name is the type in its data. */
export function namedEvent<Data extends { readonly type: string }>(data: Data): string {
  return `event: ${data.type}\n${dataEvent(data)}`;
}
