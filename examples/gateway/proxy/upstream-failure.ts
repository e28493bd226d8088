import { errors } from 'undici';

/** What a client is told of an upstream that failed. */
export interface UpstreamFailure {
  readonly status: 502 | 504;
  readonly description: string;
}

/** An upstream that answered with what cannot be passed on. */
export class UnusableAnswerError extends Error {
  constructor() {
    super('The upstream answered with a redirect, or with no status that there is');
  }
}

/** RFC 9110 sections 15.6.3 and 15.6.5. */
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
