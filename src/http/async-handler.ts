import type { Request, RequestHandler, Response } from 'express';
import { passError } from './pass-error.js';

/**
 * Create a middleware from an async function, with the same name. It passes rejections to the error handlers, because
 * Express 4 ignores them.
 *
 * @param handle function that sends the response or calls `next()`
 */
export function asyncHandler(
  handle: (req: Request, res: Response, next: () => void) => Promise<void>,
): RequestHandler {
  const handler: RequestHandler = (req, res, next) => {
    handle(req, res, () => next()).catch((failure) => passError(next, failure));
  };
  return Object.defineProperty(handler, 'name', { value: handle.name });
}
