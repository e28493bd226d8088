import type { Response } from 'express';

const failures = new WeakMap<Response, unknown>();

/** Stores the cause of a failed request for the log. The client does not receive it. */
export function noteFailure(res: Response, failure: unknown): void {
  failures.set(res, failure);
}

/** Returns the cause of a failed request: a message from this process or its libraries, never from a provider. */
export function describeNotedFailure(res: Response): string | undefined {
  const failure = failures.get(res);
  if (!(failure instanceof Error)) return undefined;
  return failure.cause instanceof Error ? failure.cause.message : (failure.stack ?? failure.message);
}
