import type { Request, RequestHandler, Response } from 'express';
import { answerCors, type CorsOptions } from './answer-cors.js';
import { normalizeTarget } from './normalize-target.js';

/** Document that `serveMetadata()` serves. */
export interface ServedDocument {
  /** URL of the document. Only the path and the query are compared with requests. */
  readonly url: URL;
  /** Sends the current document. Called for each request. */
  readonly send: (res: Response) => void;
}

/** Options of `serveMetadata()`. */
export interface ServeMetadataOptions {
  readonly documents: readonly ServedDocument[];
  /** Web pages that may read the documents. Default: none. */
  readonly cors?: CorsOptions | undefined;
  /** Function that takes the option `cors`, for the error messages. */
  readonly where: string;
}

const METHODS = ['GET', 'HEAD'];

/** Part of the path of every document. Compared first, because the middleware runs for all requests. */
const WELL_KNOWN = '/.well-known/';

/**
 * Create a middleware that serves documents for `GET` and `HEAD`, each at the path and query of its URL. It passes all
 * other requests to the next middleware. Mount it at the root of the application.
 *
 * The middleware does not use the Express router: importing this module does not load Express, and no character of a
 * path has a special meaning.
 *
 * @throws TypeError if `cors` is malformed
 */
export function serveMetadata({ documents, cors, where }: ServeMetadataOptions): RequestHandler {
  const allowOrigins = answerCors(cors, METHODS.join(', '), where);
  const byTarget = new Map(
    documents.map(({ url, send }) => [normalizeTarget(url.pathname + url.search), send]),
  );

  return function answerMetadata(req, res, next) {
    const targets = req.path.includes(WELL_KNOWN) ? listTargets(req) : [];
    const send = targets.map((target) => byTarget.get(target)).find((found) => found !== undefined);
    if (send === undefined) return next();
    allowOrigins(req, res, () => {
      if (METHODS.includes(req.method)) send(res);
      else next();
    });
  };
}

/**
 * List the targets that a request can mean, in the order of preference. Documents without a query are also served if the
 * request has a query. Documents with a slash at the end are also served without the slash, which some clients remove.
 */
function listTargets({ path, url }: Request): readonly string[] {
  const start = url.indexOf('?');
  const queries = start === -1 ? [''] : [url.slice(start), ''];
  return [path, `${path}/`].flatMap((each) => queries.map((query) => normalizeTarget(each + query)));
}
