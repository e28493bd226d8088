import type { RequestHandler, Response } from 'express';

/**
 * Create a middleware that serves a document at one URL, for `GET` and `HEAD`. It passes all other requests to the next
 * middleware. Mount it at the root of the application.
 *
 * The middleware does not use the Express router: importing this module does not load Express.
 *
 * @param url path and query of the document. If it has no query, requests can have any query
 * @param send function that sends the current document, called for each request
 */
export function serveMetadata(
  { pathname, search }: Pick<URL, 'pathname' | 'search'>,
  send: (res: Response) => void,
): RequestHandler {
  return function answerMetadata(req, res, next) {
    const isRequested = req.path === pathname && (search === '' || req.url === `${pathname}${search}`);
    if (!isRequested || !['GET', 'HEAD'].includes(req.method)) return next();
    send(res);
  };
}
