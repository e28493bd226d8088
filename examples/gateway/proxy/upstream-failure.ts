import { errors } from 'undici';

/** Status and description of the error response for an upstream failure. */
export interface UpstreamFailure {
  readonly status: 502 | 504;
  readonly description: string;
}

/** Error for an upstream response that cannot be forwarded. */
export class UnusableAnswerError extends Error {
  constructor() {
    super('The upstream answered with a redirect or an invalid status');
  }
}

/** Returns the error response for an upstream failure: 504 for a timeout, otherwise 502 (RFC 9110 §15.6.3, §15.6.5). */
export function describeUpstreamFailure(cause: unknown): UpstreamFailure {
  if (cause instanceof UnusableAnswerError) return { status: 502, description: cause.message };
  return isTimeout(cause)
    ? { status: 504, description: 'The upstream did not answer in time' }
    : { status: 502, description: 'The upstream failed' };
}

function isTimeout(cause: unknown): boolean {
  return (
    cause instanceof errors.ConnectTimeoutError ||
    cause instanceof errors.HeadersTimeoutError ||
    cause instanceof errors.BodyTimeoutError
  );
}
