import { PassportJweError } from '../base/errors.js';
import { inContext } from '../base/in-context.js';
import {
  createBearerReader,
  extractCookieToken,
  extractCustomToken,
  extractFormToken,
  extractHeaderToken,
  selectToken,
} from '../http/extract-bearer-token.js';
import type { IncomingRequest } from '../http/incoming-request.js';
import { FORM_TYPE, mediaTypeOf, parseBody } from '../http/parse-body.js';
import { readFields } from '../http/read-fields.js';
import type { ResolvedLocations, TokenLocations } from './token-locations.js';

/**
 * Extracts the token from a request.
 *
 * @returns `undefined` if the request has no token
 * @throws InvalidRequestError if the token is malformed, or two locations contain different tokens
 * @throws TypeError if `getToken` throws an error or returns a value of a wrong type
 */
export type TokenReader<Req> = (req: Req) => string | undefined;

/**
 * Create a reader of the enabled token locations.
 *
 * @param where function that takes the option `tokenLocations`, for the error messages
 */
export function createTokenReader<Req extends IncomingRequest>(
  locations: ResolvedLocations<Req>,
  where: string,
): TokenReader<Req> {
  const headers: TokenReader<Req> = combine(listHeaderReaders(locations));
  const cookies: TokenReader<Req> = combine(listCookieReaders(locations));
  const credentials: TokenReader<Req> =
    locations.prefer === 'header' ? (req) => headers(req) ?? cookies(req) : combine([headers, cookies]);
  const others = listOtherReaders(locations, where);
  return locations.cookie === undefined && others.length === 0 ? headers : combine([credentials, ...others]);
}

/** Combine readers. Reject requests for which they return different tokens. */
function combine<Req>(readers: readonly TokenReader<Req>[]): TokenReader<Req> {
  const [only, ...others] = readers;
  if (only !== undefined && others.length === 0) return only;
  return (req) => selectToken(readers.map((read) => read(req)));
}

function listHeaderReaders({
  schemes,
  headers,
}: ResolvedLocations<never>): readonly TokenReader<IncomingRequest>[] {
  const readers = headers.map(
    (name): TokenReader<IncomingRequest> =>
      (req) =>
        extractHeaderToken(readFields(req, name)),
  );
  return schemes.length === 0 ? readers : [createBearerReader(schemes), ...readers];
}

function listCookieReaders({ cookie }: ResolvedLocations<never>): readonly TokenReader<IncomingRequest>[] {
  return cookie === undefined ? [] : [(req) => extractCookieToken(readFields(req, 'cookie'), cookie)];
}

function listOtherReaders<Req extends IncomingRequest>(
  { form, getToken }: ResolvedLocations<Req>,
  where: string,
): readonly TokenReader<Req>[] {
  const forms = form === true ? [readForm] : [];
  if (getToken === undefined) return forms;
  const call = (req: Req) =>
    inContext(`${where}: tokenLocations.getToken`, () => callGetToken(getToken, req));
  return [...forms, (req) => extractCustomToken(call(req))];
}

/** Read `access_token` from a form-encoded body. Ignore the bodies of GET requests (RFC 6750 §2.2). */
function readForm(req: IncomingRequest): string | undefined {
  if (req.method === 'GET' || mediaTypeOf(req) !== FORM_TYPE) return undefined;
  const values = parseBody(req).get('access_token') ?? [undefined];
  return extractFormToken(values.length === 1 ? values[0] : values);
}

/**
 * Call the function of the application. It can reject a request with an error of this package.
 *
 * @throws TypeError if the function throws a different error, or returns a promise or another value of a wrong type
 */
function callGetToken<Req>(
  getToken: NonNullable<TokenLocations<Req>['getToken']>,
  req: Req,
): string | undefined {
  let token: unknown;
  try {
    token = getToken(req);
  } catch (cause) {
    if (cause instanceof PassportJweError) throw cause;
    throw new TypeError('the function threw an error: return undefined if there is no token', { cause });
  }
  // cookie-parser returns `false` for a signed cookie with a wrong signature.
  if (token === undefined || token === null || token === false) return undefined;
  if (typeof token === 'string') return token;
  throw new TypeError('the function must return a string or undefined, and no promise');
}
