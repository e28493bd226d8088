import type { Response } from 'express';

const failures = new WeakMap<Response, unknown>();

/** Keeps the cause of a failure for the log. The client does not receive it. */
export function noteFailure(res: Response, failure: unknown): void {
  failures.set(res, failure);
}

/** Returns the cause of a failure: a message of this process or its libraries, never of a provider. */
export function describeNotedFailure(res: Response): string | undefined {
  const failure = failures.get(res);
  if (!(failure instanceof Error)) return undefined;
  return failure.cause instanceof Error ? failure.cause.message : (failure.stack ?? failure.message);
}
