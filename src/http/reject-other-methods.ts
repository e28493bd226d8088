import type { RequestHandler } from 'express';
import { InvalidRequestError } from '../base/errors.js';

/**
 * Creates the last middleware of a route, which rejects all other methods with 405.
 *
 * @param allowed value of the `Allow` header, for example `GET, HEAD`
 */
export function rejectOtherMethods(allowed: string): RequestHandler {
  return function rejectOtherMethod(_req, _res, next) {
    const headers = { Allow: allowed };
    next(new InvalidRequestError(`This endpoint accepts only ${allowed}`, { status: 405, headers }));
  };
}
