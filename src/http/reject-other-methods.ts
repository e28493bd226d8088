import type { RequestHandler } from 'express';
import { InvalidRequestError } from '../base/errors.js';

/**
 * Create the last middleware of a route. It rejects every method without a handler with 405 (RFC 9110 §15.5.6).
 *
 * @param allowed value of the `Allow` header, for example `GET, HEAD`
 */
export function rejectOtherMethods(allowed: string): RequestHandler {
  return function rejectOtherMethod(_req, _res, next) {
    const headers = { Allow: allowed };
    next(new InvalidRequestError(`This endpoint accepts only ${allowed}`, { status: 405, headers }));
  };
}
