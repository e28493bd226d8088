import { z } from 'zod';
import { ModelApiError, type ModelApiErrorDetail, providerFailed } from './model-api-error.js';
import { redactSecrets } from './redact-secrets.js';

/** Error response of a provider. */
export interface Refusal {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** Error types by status for invalid requests, which the client can correct with the provider's message. */
const FAULTS_OF_REQUEST: ReadonlyMap<number, string> = new Map([
  [400, 'invalid_request_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [422, 'invalid_request_error'],
]);

/**
 * Converts an error response of a provider to an error response for the client. If the provider rejected its API key or
 * sent a redirect, the client receives a 502, because the request and the token are valid.
 *
 * @param secrets secrets of the endpoint, which are removed from messages.
 */
export function translateRefusal(refusal: Refusal, secrets: readonly string[]): ModelApiError {
  const { status, retryAfter } = refusal;
  const retryAfterSeconds = readSeconds(retryAfter);
  const type = FAULTS_OF_REQUEST.get(status);
  if (type !== undefined) return new ModelApiError({ status, type, ...describe(refusal, secrets) });
  if (status === 429) {
    const message = 'The provider of this model limits the request rate. Retry later';
    return new ModelApiError({
      ...{ status, type: 'rate_limit_error', code: 'provider_rate_limit', message },
      retryAfterSeconds,
    });
  }
  if (status === 503 || status === 529) {
    const message = 'The provider of this model is overloaded. Retry later';
    return new ModelApiError({
      ...{ status: 503, type: 'overloaded_error', code: 'provider_overloaded', message },
      retryAfterSeconds: retryAfterSeconds ?? 1,
    });
  }
  return providerFailed(new Error(`The provider responded with status ${status}`));
}

const bodySchema = z.looseObject({
  error: z.looseObject({
    message: z.string(),
    code: z.union([z.string(), z.number()]).nullish(),
    param: z.string().nullish(),
  }),
});

const MAX_MESSAGE_LENGTH = 1000;

function describe(
  { body }: Refusal,
  secrets: readonly string[],
): Pick<ModelApiErrorDetail, 'message' | 'code' | 'param'> {
  const { data } = bodySchema.safeParse(parse(body));
  if (data === undefined) return { message: 'The provider of this model rejected the request' };
  const { message, code, param } = data.error;
  const safe = (text: string): string => redactSecrets(text, secrets).slice(0, MAX_MESSAGE_LENGTH);
  return {
    message: safe(message),
    code: code === null || code === undefined ? undefined : safe(String(code)),
    param: typeof param === 'string' ? safe(param) : undefined,
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** Parses `Retry-After`, which contains seconds or a date (RFC 9110 §10.2.3). */
function readSeconds(retryAfter: string | undefined): number | undefined {
  if (retryAfter === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(retryAfter)
    ? Number(retryAfter)
    : Math.ceil((Date.parse(retryAfter) - Date.now()) / 1000);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}
