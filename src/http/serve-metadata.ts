import type { RequestHandler } from 'express';

/**
 * Creates a middleware that serves a JSON document at one path, for `GET` and `HEAD`. All other requests pass. Mount it at
 * the root of the application. It does not use the router of Express, so that importing it does not load Express.
 *
 * @param describe creates the document, once per request
 */
export function serveMetadata(path: string, describe: () => object): RequestHandler {
  return function answerMetadata(req, res, next) {
    if (req.path !== path || !['GET', 'HEAD'].includes(req.method)) return next();
    res.json(describe());
  };
}
