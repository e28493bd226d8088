import { type JsonObject, PassportJweError } from 'passport-jwe';
import { MemberRejectedError } from './member-rejected-error.js';
import { ModelApiError, type ModelApiErrorDetail } from './model-api-error.js';

/** Anthropic's error types by the status of a passport-jwe error. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [400, 'invalid_request_error'],
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error'],
]);

/** Converts a failure below `/v1` to the details of an error response. */
export function describeFailure(failure: unknown): ModelApiErrorDetail {
  if (failure instanceof ModelApiError) return failure.detail;
  if (failure instanceof MemberRejectedError) {
    const { status, message, param } = failure;
    return { status, type: typeOf(status), code: 'member_not_allowed', param, message };
  }
  if (failure instanceof PassportJweError) {
    const { status, error, message } = failure;
    return { status, type: typeOf(status), code: error ?? 'missing_credentials', message };
  }
  const status = statusOfBodyParser(failure);
  if (status !== undefined) {
    return {
      status,
      type: typeOf(status),
      code: 'invalid_request',
      message: 'The request body cannot be parsed: send valid JSON with Content-Type application/json',
    };
  }
  return {
    status: 500,
    type: 'api_error',
    code: 'internal_error',
    message: 'The gateway failed to process the request. Retry later',
  };
}

/** Builds an error body for OpenAI's clients (`error`) and Anthropic's clients (`type` and `error.type`). */
export function describeModelError(detail: ModelApiErrorDetail, requestId: string): JsonObject {
  const { type, code = null, param = null, message } = detail;
  return { type: 'error', error: { type, code, param, message }, request_id: requestId };
}

function typeOf(status: number): string {
  return TYPES.get(status) ?? 'invalid_request_error';
}

/** Returns the status of an error of `express.json()`, or `undefined` for other failures. */
function statusOfBodyParser(failure: unknown): number | undefined {
  const status = failure instanceof Error && 'status' in failure ? failure.status : undefined;
  return status === 400 || status === 413 || status === 415 ? status : undefined;
}
