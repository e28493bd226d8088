import type { RequestHandler } from 'express';
import { AccessDeniedError } from 'passport-jwe';

const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Rejects requests that another site could have caused (OWASP Cross-Site Request Forgery Prevention Cheat Sheet). Browsers
 * send `Sec-Fetch-Site` with every request, and `Origin` with every request that is not GET or HEAD. Scripts of a page
 * cannot change either. Requests with neither are rejected, except those that change nothing.
 *
 * @param origin origin of the application. Never taken from the `Host` header
 */
export function rejectCrossSite(origin: string): RequestHandler {
  return (req, _res, next) => {
    if (SAFE_METHODS.includes(req.method)) return next();
    const site = req.get('sec-fetch-site');
    const isSameOrigin = site === undefined ? req.get('origin') === origin : site === 'same-origin';
    if (isSameOrigin) return next();
    next(new AccessDeniedError('The request comes from another site'));
  };
}
