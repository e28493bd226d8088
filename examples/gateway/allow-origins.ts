import cors from 'cors';
import type { RequestHandler } from 'express';

/** Response headers that web pages may read. */
const EXPOSED_HEADERS = [
  ...['WWW-Authenticate', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'DPoP-Nonce'],
  ...['X-Request-Id', 'Request-Id', 'X-Should-Retry'],
];

const PREFLIGHT_SECONDS = 600;

/**
 * Creates CORS middleware that allows web pages of the given origins only. Pages send their token in a header, not in a
 * cookie. The middleware answers preflight requests, because they have no token. Other `OPTIONS` requests pass.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const options = { origin: [...origins], exposedHeaders: EXPOSED_HEADERS, maxAge: PREFLIGHT_SECONDS };
  return cors((req, callback) => {
    const isPreflight = req.headers['access-control-request-method'] !== undefined;
    callback(null, { ...options, preflightContinue: !isPreflight });
  });
}
