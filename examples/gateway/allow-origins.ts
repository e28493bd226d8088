import cors from 'cors';
import type { RequestHandler } from 'express';

/** Response headers that pages may read. */
const EXPOSED_HEADERS = [
  ...['WWW-Authenticate', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
  ...['X-Request-Id', 'Request-Id', 'X-Should-Retry'],
];

const PREFLIGHT_SECONDS = 600;

/**
 * Lets pages of these origins, and no others, use the gateway. They send their token in a header; cookies are not used.
 * Preflights have no token, so they are answered here. `OPTIONS` requests of other clients are handled like any
 * request.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const options = { origin: [...origins], exposedHeaders: EXPOSED_HEADERS, maxAge: PREFLIGHT_SECONDS };
  return cors((req, callback) => {
    const isPreflight = req.headers['access-control-request-method'] !== undefined;
    callback(null, { ...options, preflightContinue: !isPreflight });
  });
}
