import type { Request, Response } from 'express';
import type { PassportJweError } from 'passport-jwe';

const failures = new WeakMap<Response, unknown>();

/** Stores the cause of a failed request for the log. The client does not receive it. */
export function noteFailure(res: Response, failure: unknown): void {
  failures.set(res, failure);
}

/** Stores the cause of a rejection with a status of 500 or more: `onRejected` of the middleware and the token router. */
export function noteRejection(error: PassportJweError, _req: Request, res: Response): void {
  if (error.status >= 500) noteFailure(res, error);
}

/** Returns the cause of a failed request: a message from this process or its libraries, never from a provider. */
export function describeNotedFailure(res: Response): string | undefined {
  const failure = failures.get(res);
  if (!(failure instanceof Error)) return undefined;
  const { cause } = failure;
  return cause instanceof Error
    ? describe(cause, cause.message)
    : describe(failure, failure.stack ?? failure.message);
}

/** Syntax errors are described by name, because their messages quote the input. */
function describe({ name }: Error, text: string): string {
  return name === 'SyntaxError' ? name : text;
}
