import cors from 'cors';
import type { RequestHandler } from 'express';

/** What pages may read of an answer beside its body. */
const EXPOSED_HEADERS = [
  ...['WWW-Authenticate', 'Retry-After', 'RateLimit', 'RateLimit-Policy'],
  ...['X-Request-Id', 'Request-Id', 'X-Should-Retry'],
];

const PREFLIGHT_SECONDS = 600;

/**
 * Lets pages of these origins use the gateway, and those of no other: they send their token themselves, cookies play no
 * part. Preflights are answered here, as they carry no token; `OPTIONS` of other clients is a request as any.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const options = { origin: [...origins], exposedHeaders: EXPOSED_HEADERS, maxAge: PREFLIGHT_SECONDS };
  return cors((req, callback) => {
    const isPreflight = req.headers['access-control-request-method'] !== undefined;
    callback(null, { ...options, preflightContinue: !isPreflight });
  });
}
