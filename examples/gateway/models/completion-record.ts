/** Result of a request to a model, for the log and the metrics. */
export interface CompletionRecord {
  /** `x-request-id` of the answer. */
  readonly requestId: string;
  /** `key_id` of the API key that is charged. */
  readonly clientId: string;
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /**
   * `client_left`: the client disconnected. `refused`: the provider rejected the request. `broken`: its stream broke.
   */
  readonly outcome: 'completed' | 'client_left' | 'refused' | 'broken';
  readonly durationMs: number;
}

/** Called for each request to a model once it is settled. */
export type CompletionListener = (record: CompletionRecord) => void;
