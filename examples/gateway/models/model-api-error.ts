/** Details of an error response below `/v1`. */
export interface ModelApiErrorDetail {
  readonly status: number;
  /** Anthropic's error type. Clients choose their error class by the status. */
  readonly type: string;
  /** OpenAI's error code. */
  readonly code?: string | undefined;
  /** Invalid field of the request. */
  readonly param?: string | undefined;
  readonly message: string;
  readonly retryAfterSeconds?: number | undefined;
  /** `false` if clients must not retry, because the gateway has already done so. */
  readonly shouldRetry?: false;
  readonly cause?: unknown;
}

/** Error for a failed model request. It never contains the API key of the provider. */
export class ModelApiError extends Error {
  override readonly name = 'ModelApiError';
  readonly detail: ModelApiErrorDetail;

  constructor(detail: ModelApiErrorDetail) {
    super(detail.message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.detail = detail;
  }
}

/** Creates a 502 error for a provider failure. */
export function providerFailed(cause?: unknown): ModelApiError {
  const message = 'The provider of this model failed. Retry later';
  return new ModelApiError({ status: 502, type: 'api_error', code: 'provider_failed', message, cause });
}

/**
 * Creates a 502 error for a response that the provider encoded in a way that was not requested. A retry would have the
 * same result, at the same cost.
 */
export function providerEncoded(coding: string): ModelApiError {
  const message = `The provider of this model encoded the response with ${coding}, which the gateway cannot decode`;
  const type = 'api_error';
  return new ModelApiError({ status: 502, type, code: 'provider_failed', message, shouldRetry: false });
}

/** Creates a 504 error for a provider timeout. */
export function providerTimedOut(cause?: unknown): ModelApiError {
  const message = 'The provider of this model did not respond in time. Retry later';
  return new ModelApiError({ status: 504, type: 'api_error', code: 'provider_timeout', message, cause });
}

/** Returns an error that tells clients not to retry. */
export function withoutRetry({ detail }: ModelApiError): ModelApiError {
  return new ModelApiError({ ...detail, shouldRetry: false });
}
