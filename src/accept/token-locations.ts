import type { Request } from 'express';
import { assertOptions, type KnownOptions } from '../base/options.js';
import {
  extractBearerToken,
  extractCookieToken,
  extractFormToken,
  extractHeaderToken,
  selectToken,
} from '../http/extract-bearer-token.js';

/** Locations of tokens in requests. The query is not supported, because URLs end up in logs (RFC 9700 §4.3.2). */
export interface TokenLocations {
  /** The header `Authorization: Bearer`. Default true. RFC 6750 §2.1. */
  readonly authorization?: boolean;
  /** Name of a header that contains only the token, for example `x-api-key`. Default: none. */
  readonly header?: string;
  /**
   * Name of a cookie. Browsers send cookies automatically, so the application must prevent cross-site request forgery: set
   * `SameSite`, and check a CSRF token or the `Origin` header. Default: none.
   */
  readonly cookie?: string;
  /**
   * The parameter `access_token` of a form body. Mount a body parser before the authentication. Default false.
   * RFC 6750 §2.2.
   */
  readonly form?: boolean;
}

const KNOWN: KnownOptions<TokenLocations> = { authorization: true, header: true, cookie: true, form: true };

/** Extracts the token from a request. @throws InvalidRequestError if it is malformed or ambiguous. */
export type TokenReader = (req: Request) => string | undefined;

/** Valid names of headers and cookies. RFC 9110 §5.6.2. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** @throws TypeError if a name is not a valid header or cookie name, or there is no location. */
export function createTokenReader(locations: TokenLocations = {}): TokenReader {
  assertOptions(locations, KNOWN, 'tokenLocations');
  const { authorization = true, header, cookie, form = false } = locations;
  for (const name of [header, cookie]) {
    if (name !== undefined && !(typeof name === 'string' && FIELD_NAME.test(name)))
      throw new TypeError('tokenLocations: header and cookie must be valid names, for example "x-api-key"');
  }
  if (header?.toLowerCase() === 'authorization')
    throw new TypeError(
      'tokenLocations: header must not be Authorization, use the option authorization instead',
    );

  const readers: TokenReader[] = [];
  if (authorization) readers.push((req) => extractBearerToken(readFields(req, 'authorization')));
  if (header !== undefined) readers.push((req) => extractHeaderToken(readFields(req, header.toLowerCase())));
  if (cookie !== undefined) readers.push((req) => extractCookieToken(readFields(req, 'cookie'), cookie));
  if (form) readers.push((req) => extractFormToken(readFormParameter(req)));
  const [only, ...others] = readers;
  if (only === undefined)
    throw new TypeError(
      'tokenLocations: at least one location is required, for example { authorization: true }',
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

/** Reads every field of a lower-case name: `headers` omits repeated ones, and `headersDistinct` parses all headers. */
function readFields({ rawHeaders }: Request, name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [field = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    if (field.length === name.length && field.toLowerCase() === name) values.push(value);
  }
  return values;
}

/** The body must be form-encoded, and the method must not be GET. RFC 6750 §2.2. */
function readFormParameter(req: Request): unknown {
  const isForm = req.method !== 'GET' && req.is('application/x-www-form-urlencoded');
  const body: unknown = req.body;
  if (!isForm || typeof body !== 'object' || body === null || !('access_token' in body)) return undefined;
  return body.access_token;
}
