import type { NextFunction } from 'express';

/**
 * Pass a failure to the error handlers. An application function can fail with any value: `next()` would continue with
 * `undefined`, and skip the guards of a route with `'route'`. Such values are therefore wrapped in an error.
 */
export function passError(next: NextFunction, failure: unknown): void {
  next(typeof failure === 'object' && failure !== null ? failure : wrap(failure));
}

function wrap(cause: unknown): Error {
  return new Error('A function of the application failed with a value that is not an Error: throw an Error', {
    cause,
  });
}
