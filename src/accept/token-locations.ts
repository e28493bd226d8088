import type { Request } from 'express';
import { assertOptions, type KnownOptions } from '../base/options.js';
import {
  extractBearerToken,
  extractCookieToken,
  extractFormToken,
  extractHeaderToken,
  selectToken,
} from '../http/extract-bearer-token.js';

/** Where tokens are looked for. Never the query: URLs end up in logs (RFC 9700 section 4.3.2). */
export interface TokenLocations {
  /** `Authorization: Bearer`. Default true. RFC 6750 section 2.1. */
  readonly authorization?: boolean;
  /** Name of a header that holds nothing but the token, as `x-api-key`. Default: none. */
  readonly header?: string;
  /**
   * Name of a cookie. Default: none. Browsers send cookies by themselves, so the application then owes a
   * defence against cross-site request forgery: `SameSite`, and a token or an Origin check.
   */
  readonly cookie?: string;
  /**
   * The parameter `access_token` of a form body that a parser mounted earlier has parsed. Default false.
   * RFC 6750 section 2.2.
   */
  readonly form?: boolean;
}

const KNOWN: KnownOptions<TokenLocations> = { authorization: true, header: true, cookie: true, form: true };

/** Takes the token out of a request. @throws InvalidRequestError where it is malformed or ambiguous. */
export type TokenReader = (req: Request) => string | undefined;

/** RFC 9110 section 5.6.2. */
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** @throws TypeError for a name that no header or cookie can have, or no location at all. */
export function createTokenReader(locations: TokenLocations = {}): TokenReader {
  assertOptions(locations, KNOWN, 'tokenLocations');
  const { authorization = true, header, cookie, form = false } = locations;
  for (const name of [header, cookie]) {
    if (name !== undefined && !(typeof name === 'string' && FIELD_NAME.test(name)))
      throw new TypeError('tokenLocations has a malformed name');
  }
  if (header?.toLowerCase() === 'authorization')
    throw new TypeError('tokenLocations.header is for other headers');

  const readers: TokenReader[] = [];
  if (authorization) readers.push((req) => extractBearerToken(readFields(req, 'authorization')));
  if (header !== undefined) readers.push((req) => extractHeaderToken(readFields(req, header.toLowerCase())));
  if (cookie !== undefined) readers.push((req) => extractCookieToken(readFields(req, 'cookie'), cookie));
  if (form) readers.push((req) => extractFormToken(readFormParameter(req)));
  const [only, ...others] = readers;
  if (only === undefined) throw new TypeError('tokenLocations leaves no place to look for a token');
  return others.length === 0 ? only : (req) => selectToken(readers.map((read) => read(req)));
}

/** Every field of a name in lower case: `headers` hides the second one, `headersDistinct` reads all the others too. */
function readFields({ rawHeaders }: Request, name: string): readonly string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [field = '', value = ''] = [rawHeaders[index], rawHeaders[index + 1]];
    if (field.length === name.length && field.toLowerCase() === name) values.push(value);
  }
  return values;
}

/** RFC 6750 section 2.2: form-encoded, and not in a GET request. */
function readFormParameter(req: Request): unknown {
  const isForm = req.method !== 'GET' && req.is('application/x-www-form-urlencoded');
  const body: unknown = req.body;
  if (!isForm || typeof body !== 'object' || body === null || !('access_token' in body)) return undefined;
  return body.access_token;
}
