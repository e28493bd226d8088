/** What became of a request to a model, for the log and the metrics. */
export interface CompletionRecord {
  /** `x-request-id` of the answer. */
  readonly requestId: string;
  /** `key_id` of the API key that pays for it. */
  readonly clientId: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** The client left before the end; the model's provider refused it, or broke off in the middle. */
  readonly outcome: 'completed' | 'client_left' | 'refused' | 'broken';
  readonly durationMs: number;
}

/** Told of each request to a model, once it is settled. */
export type CompletionListener = (record: CompletionRecord) => void;
