import type { TokenUsage } from './token-usage.js';

/** Outcome of a model request and the usage that is charged, for the log and the metrics. */
export interface CompletionRecord extends TokenUsage {
  /** Value of `x-request-id` in the response. */
  readonly requestId: string;
  /** `key_id` of the API key that is charged for the usage. */
  readonly clientId: string;
  /** `sub` of the token: the user, or the API key itself. */
  readonly subject?: string | undefined;
  readonly model: string;
  /** `client_left`: the client disconnected. `refused`: the request failed. `broken`: the stream ended early. */
  readonly outcome: 'completed' | 'client_left' | 'refused' | 'broken';
  readonly durationMs: number;
  /** Request ID in the latest response of a provider, for questions to its support. */
  readonly providerRequestId?: string | undefined;
}

/** Listener that is called once for each model request, when its usage is settled. */
export type CompletionListener = (record: CompletionRecord) => void;
