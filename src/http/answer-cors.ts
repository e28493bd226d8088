import type { RequestHandler } from 'express';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { parseUrl } from '../base/parse-url.js';
import { readFields } from './read-fields.js';

/** Web pages that may call an endpoint. */
export interface CorsOptions {
  /**
   * Origins of the pages, for example `['https://app.example.com']`, or `'*'` for all pages. Origins are compared
   * exactly.
   */
  readonly origins: '*' | readonly string[];
}

const KNOWN: KnownOptions<CorsOptions> = { origins: true };

/** Response headers that pages may read. */
const EXPOSED = 'WWW-Authenticate, Retry-After, RateLimit, RateLimit-Policy, DPoP-Nonce';

/** Time for which browsers cache the answer to a preflight, in seconds. */
const PREFLIGHT_SECONDS = 600;

/** An origin as browsers send it: scheme, host and optional port. Covers the schemes of browser extensions. */
const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\\\s,*]+$/;

/**
 * Create a middleware that adds CORS headers and answers preflights. It passes all other requests to the next
 * middleware. Responses never allow credentials: pages send their token or client ID in the request.
 *
 * @param cors origins that may call the endpoint. `undefined`: no page, and no header.
 * @param methods value of `Access-Control-Allow-Methods`, for example `POST`
 * @param where function that takes the option `cors`, for the error messages
 * @throws TypeError if the option is malformed
 * @see Fetch standard, "CORS protocol"
 */
export function answerCors(cors: CorsOptions | undefined, methods: string, where: string): RequestHandler {
  if (cors === undefined) return (_req, _res, next) => next();
  assertOptions(cors, KNOWN, `${where}: cors`);
  const { origins } = cors;
  if (origins !== '*') assertOrigins(origins, where);
  const listed = new Set(origins);

  return function allowOrigins(req, res, next) {
    const [origin, ...others] = readFields(req, 'origin');
    if (origins !== '*') res.vary('Origin');
    const isAllowed = origins === '*' || (origin !== undefined && others.length === 0 && listed.has(origin));
    if (isAllowed) res.set('Access-Control-Allow-Origin', origins === '*' ? '*' : origin);
    const isPreflight =
      req.method === 'OPTIONS' && readFields(req, 'access-control-request-method').length > 0;
    if (isPreflight) {
      if (isAllowed) res.set(describePreflight(methods, readFields(req, 'access-control-request-headers')));
      res.vary('Access-Control-Request-Headers').status(204).end();
      return;
    }
    if (isAllowed) res.set('Access-Control-Expose-Headers', EXPOSED);
    next();
  };
}

function assertOrigins(origins: unknown, where: string): void {
  const isList = Array.isArray(origins) && origins.length > 0;
  if (isList && origins.every((origin) => typeof origin === 'string' && isOrigin(origin))) return;
  throw new TypeError(
    `${where}: cors.origins must be "*" or a non-empty array of origins without a path, for example ["https://app.example.com"]`,
  );
}

/** Whether a browser can send this origin. Browsers omit default ports, and write hosts in lower case and Punycode. */
function isOrigin(text: string): boolean {
  const url = ORIGIN.test(text) ? parseUrl(text) : undefined;
  if (url === undefined) return false;
  const { origin, href } = url;
  return origin === text || (origin === 'null' && href === text);
}

/** Allow every requested header: the endpoint ignores unknown headers, and clients add headers of their protocol. */
function describePreflight(methods: string, requested: readonly string[]): Record<string, string> {
  return {
    'Access-Control-Allow-Methods': methods,
    'Access-Control-Max-Age': String(PREFLIGHT_SECONDS),
    ...(requested.length === 0 ? {} : { 'Access-Control-Allow-Headers': requested.join(', ') }),
  };
}
