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
 * part. Preflights are answered here, as they carry no token.
 */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  return cors({ origin: [...origins], exposedHeaders: EXPOSED_HEADERS, maxAge: PREFLIGHT_SECONDS });
}
