import type { RequestHandler } from 'express';
import { InvalidRequestError } from '../base/errors.js';

/**
 * The last middleware of a route: rejects every method that the middleware before it did not answer (405).
 *
 * @param allowed value of the `Allow` header, for example `GET, HEAD`
 */
export function rejectOtherMethods(allowed: string): RequestHandler {
  return function rejectOtherMethod(_req, _res, next) {
    const headers = { Allow: allowed };
    next(new InvalidRequestError(`This endpoint takes ${allowed}`, { status: 405, headers }));
  };
}
