/** What a client of `/v1` is told that went wrong with its request to a model. */
export interface ModelApiErrorDetail {
  readonly status: number;
  /** As Anthropic names it; its clients and those of OpenAI choose their own error by the status. */
  readonly type: string;
  /** As OpenAI names it. */
  readonly code?: string | undefined;
  /** The field of the request that is at fault. */
  readonly param?: string | undefined;
  readonly message: string;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** A request to a model that failed behind the gateway. Nothing in it names the provider's key. */
export class ModelApiError extends Error {
  override readonly name = 'ModelApiError';
  readonly detail: ModelApiErrorDetail;

  constructor(detail: ModelApiErrorDetail) {
    super(detail.message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.detail = detail;
  }
}

export function providerFailed(cause?: unknown): ModelApiError {
  const message = 'The provider of this model failed';
  return new ModelApiError({ status: 502, type: 'api_error', code: 'provider_failed', message, cause });
}

export function providerTimedOut(cause?: unknown): ModelApiError {
  const message = 'The provider of this model did not answer in time';
  return new ModelApiError({ status: 504, type: 'api_error', code: 'provider_timeout', message, cause });
}
