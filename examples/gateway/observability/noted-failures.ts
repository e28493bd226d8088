import type { Response } from 'express';

const failures = new WeakMap<Response, unknown>();

/** Keeps for the log what the client is not told about a failure. */
export function noteFailure(res: Response, failure: unknown): void {
  failures.set(res, failure);
}

/** What was behind a failure, in words of this process or of its libraries: never a provider's. */
export function describeNotedFailure(res: Response): string | undefined {
  const failure = failures.get(res);
  if (!(failure instanceof Error)) return undefined;
  return failure.cause instanceof Error ? failure.cause.message : (failure.stack ?? failure.message);
}
