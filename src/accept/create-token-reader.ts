import type { Request } from 'express';
import { PassportJweError } from '../base/errors.js';
import {
  createBearerReader,
  extractCookieToken,
  extractCustomToken,
  extractFormToken,
  extractHeaderToken,
  selectToken,
} from '../http/extract-bearer-token.js';
import { FORM_TYPE, mediaTypeOf, parseBody } from '../http/parse-body.js';
import { readFields } from '../http/read-fields.js';
import { type ResolvedLocations, resolveTokenLocations, type TokenLocations } from './token-locations.js';

/**
 * Extracts the token from a request.
 *
 * @returns `undefined` if the request has no token
 * @throws InvalidRequestError if the token is malformed, or two locations contain different tokens
 * @throws TypeError if `getToken` throws an error or returns a value of a wrong type
 */
export type TokenReader = (req: Request) => string | undefined;

/**
 * Create a reader of the enabled token locations.
 *
 * @param where function that takes the option `tokenLocations`, for the error messages
 * @throws TypeError if the option `tokenLocations` is malformed, or no location is enabled
 */
export function createTokenReader(options: TokenLocations | undefined, where: string): TokenReader {
  const locations = resolveTokenLocations(options, where);
  const headers = combine(listHeaderReaders(locations));
  const cookies = combine(listCookieReaders(locations));
  const credentials: TokenReader =
    locations.prefer === 'header' ? (req) => headers(req) ?? cookies(req) : combine([headers, cookies]);
  const others = listOtherReaders(locations);
  return locations.cookie === undefined && others.length === 0 ? headers : combine([credentials, ...others]);
}

/** Combine readers. Reject requests for which they return different tokens. */
function combine(readers: readonly TokenReader[]): TokenReader {
  const [only, ...others] = readers;
  if (only !== undefined && others.length === 0) return only;
  return (req) => selectToken(readers.map((read) => read(req)));
}

function listHeaderReaders({ schemes, headers }: ResolvedLocations): readonly TokenReader[] {
  const readers = headers.map(
    (name): TokenReader =>
      (req) =>
        extractHeaderToken(readFields(req, name)),
  );
  return schemes.length === 0 ? readers : [createBearerReader(schemes), ...readers];
}

function listCookieReaders({ cookie }: ResolvedLocations): readonly TokenReader[] {
  return cookie === undefined ? [] : [(req) => extractCookieToken(readFields(req, 'cookie'), cookie)];
}

function listOtherReaders({ form, getToken }: ResolvedLocations): readonly TokenReader[] {
  return [
    ...(form === true ? [readForm] : []),
    ...(getToken === undefined ? [] : [(req: Request) => extractCustomToken(callGetToken(getToken, req))]),
  ];
}

/** Read `access_token` from a form-encoded body. Ignore the bodies of GET requests (RFC 6750 §2.2). */
function readForm(req: Request): string | undefined {
  if (req.method === 'GET' || mediaTypeOf(req) !== FORM_TYPE) return undefined;
  const values = parseBody(req).get('access_token') ?? [undefined];
  return extractFormToken(values.length === 1 ? values[0] : values);
}

/**
 * Call the function of the application. It can reject a request with an error of this package.
 *
 * @throws TypeError if the function throws a different error, or returns a promise or another value of a wrong type
 */
function callGetToken(getToken: NonNullable<TokenLocations['getToken']>, req: Request): string | undefined {
  let token: unknown;
  try {
    token = getToken(req);
  } catch (cause) {
    if (cause instanceof PassportJweError) throw cause;
    throw new TypeError('tokenLocations: getToken threw an error: return undefined if there is no token', {
      cause,
    });
  }
  if (token === undefined || token === null) return undefined;
  if (typeof token === 'string') return token;
  throw new TypeError('tokenLocations: getToken must return a string or undefined, and no promise');
}
