import type { RequestHandler } from 'express';

/**
 * Middleware for the root of an application that answers `GET` and `HEAD` of one path with a JSON document. All other
 * requests pass. It does not use the router of Express, so that importing it does not load Express.
 *
 * @param describe creates the document, for each request anew
 */
export function serveMetadata(path: string, describe: () => object): RequestHandler {
  return function answerMetadata(req, res, next) {
    if (req.path !== path || !['GET', 'HEAD'].includes(req.method)) return next();
    res.json(describe());
  };
}
