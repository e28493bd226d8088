/** Error response to a client of `/v1`. */
export interface ModelApiErrorDetail {
  readonly status: number;
  /** Anthropic's error type. Its clients and OpenAI's choose their error class by the status. */
  readonly type: string;
  /** OpenAI's error code. */
  readonly code?: string | undefined;
  /** The invalid field of the request. */
  readonly param?: string | undefined;
  readonly message: string;
  readonly retryAfterSeconds?: number | undefined;
  readonly cause?: unknown;
}

/** A request to a model that failed at the provider. It never contains the provider's key. */
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
