import type { RequestHandler, Response } from 'express';

/**
 * Create a middleware that serves a document at one path, for `GET` and `HEAD`. It passes all other requests to
 * the next middleware. Mount it at the root of the application.
 *
 * The middleware does not use the Express router: importing this module does not load Express.
 *
 * @param send function that sends the current document, called for each request
 */
export function serveMetadata(path: string, send: (res: Response) => void): RequestHandler {
  return function answerMetadata(req, res, next) {
    if (req.path !== path || !['GET', 'HEAD'].includes(req.method)) return next();
    send(res);
  };
}
