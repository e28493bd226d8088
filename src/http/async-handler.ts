import type { Request, RequestHandler, Response } from 'express';

/**
 * Creates a middleware from an async function, and keeps its name. Rejections go to the error handlers, which Express 4
 * does not do itself.
 *
 * @param handle answers the request or calls `next()`
 */
export function asyncHandler(
  handle: (req: Request, res: Response, next: () => void) => Promise<void>,
): RequestHandler {
  const handler: RequestHandler = (req, res, next) => {
    handle(req, res, () => next()).catch(next);
  };
  return Object.defineProperty(handler, 'name', { value: handle.name });
}
