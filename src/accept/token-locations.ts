import type { Request } from 'express';
import { assertOptions, type KnownOptions } from '../base/options.js';
import {
  extractBearerToken,
  extractCookieToken,
  extractFormToken,
  extractHeaderToken,
  selectToken,
} from '../http/extract-bearer-token.js';

/**
 * Parts of a request that can carry the token. The query string is not supported, because servers log URLs (RFC 9700
 * §4.3.2).
 */
export interface TokenLocations {
  /**
   * Whether to read the header `Authorization: Bearer`.
   *
   * @default true
   * @see RFC 6750 §2.1
   */
  readonly authorization?: boolean;
  /**
   * Name of a header that contains only the token, for example `x-api-key`.
   *
   * @default undefined (no additional header)
   */
  readonly header?: string;
  /**
   * Name of a cookie that contains only the token. Browsers send cookies automatically, so prevent cross-site request
   * forgery: set `SameSite`, and check a CSRF token or the `Origin` header.
   *
   * @default undefined (no cookie)
   */
  readonly cookie?: string;
  /**
   * Whether to read the parameter `access_token` of a form body. Mount a body parser before the authentication.
   *
   * @default false
   * @see RFC 6750 §2.2
   */
  readonly form?: boolean;
}

const KNOWN: KnownOptions<TokenLocations> = { authorization: true, header: true, cookie: true, form: true };

/**
 * Extracts the token from a request.
 *
 * @returns `undefined` if the request has no token
 * @throws InvalidRequestError if the token is malformed, or two locations contain different tokens
 */
export type TokenReader = (req: Request) => string | undefined;

/** Syntax of header and cookie names (RFC 9110 §5.6.2). */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Create a reader of the enabled token locations.
 *
 * @param where function that takes the option `tokenLocations`, for the error messages
 * @throws TypeError if a header or cookie name is invalid, or no location is enabled
 */
export function createTokenReader(locations: TokenLocations = {}, where: string): TokenReader {
  assertOptions(locations, KNOWN, `${where}: tokenLocations`);
  const { authorization = true, header, cookie, form = false } = locations;
  for (const [option, name] of Object.entries({ header, cookie })) {
    if (name !== undefined && !(typeof name === 'string' && FIELD_NAME.test(name)))
      throw new TypeError(
        `${where}: tokenLocations.${option} must be a name without spaces or separators, for example "x-api-key"`,
      );
  }
  if (header?.toLowerCase() === 'authorization')
    throw new TypeError(
      `${where}: tokenLocations.header must not be "authorization": set authorization: true instead`,
    );

  const readers: TokenReader[] = [];
  if (authorization) readers.push((req) => extractBearerToken(readFields(req, 'authorization')));
  if (header !== undefined) readers.push((req) => extractHeaderToken(readFields(req, header.toLowerCase())));
  if (cookie !== undefined) readers.push((req) => extractCookieToken(readFields(req, 'cookie'), cookie));
  if (form) readers.push((req) => extractFormToken(readFormParameter(req)));
  const [only, ...others] = readers;
  if (only === undefined)
    throw new TypeError(
      `${where}: tokenLocations enables no location: enable at least one, for example { authorization: true }`,
    );
  return others.length === 0 ? only : (req) => selectToken(readers.map((read) => read(req)));
}

/** Lists the locations, for debug lines. */
export function listTokenLocations(locations: TokenLocations = {}): readonly string[] {
  const { authorization = true, header, cookie, form = false } = locations;
  return [
    ...(authorization ? ['Authorization: Bearer'] : []),
    ...(header === undefined ? [] : [`header ${header}`]),
    ...(cookie === undefined ? [] : [`cookie ${cookie}`]),
    ...(form ? ['form parameter access_token'] : []),
  ];
}

/**
 * Return all values of a header. `headers` omits repeated fields, and `headersDistinct` parses every header.
 *
 * @param name header name in lower case
 */
function readFields({ rawHeaders }: Request, name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [field = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    if (field.length === name.length && field.toLowerCase() === name) values.push(value);
  }
  return values;
}

/** Read `access_token` from a form-encoded body. Ignore the bodies of GET requests (RFC 6750 §2.2). */
function readFormParameter(req: Request): unknown {
  const isForm = req.method !== 'GET' && req.is('application/x-www-form-urlencoded');
  const body: unknown = req.body;
  if (!isForm || typeof body !== 'object' || body === null || !('access_token' in body)) return undefined;
  return body.access_token;
}
