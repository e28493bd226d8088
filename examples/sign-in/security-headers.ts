import type { RequestHandler } from 'express';

/** Sources of the content security policy, by directive. */
export type ContentSources = Readonly<Record<string, string>>;

/** What all pages have in common. Pages cannot be framed, and contain no inline scripts or styles. */
const COMMON: ContentSources = {
  'default-src': "'none'",
  'style-src': "'self'",
  'img-src': 'data:',
  'base-uri': "'none'",
  'frame-ancestors': "'none'",
};

/**
 * Set the security headers of all responses.
 *
 * @param url URL of the server. With `https:`, browsers use TLS for all later requests
 */
export function securityHeaders(url: string, sources: ContentSources): RequestHandler {
  const policy = Object.entries({ ...COMMON, ...sources }).map(([name, value]) => `${name} ${value}`);
  const headers = {
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    // With no-referrer, browsers would send forms with `Origin: null`.
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cache-Control': 'no-store',
    ...(url.startsWith('https:') ? { 'Strict-Transport-Security': 'max-age=31536000' } : {}),
  };
  return (_req, res, next) => {
    res.set(headers);
    next();
  };
}
