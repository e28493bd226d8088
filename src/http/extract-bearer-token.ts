import { InvalidRequestError } from '../base/errors.js';

/** RFC 6750 section 2.1: `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`. */
const B64TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** The scheme ends where a character follows that no scheme name may hold (RFC 9110 section 5.6.2). */
const BEARER_SCHEME = /^bearer(?![!#$%&'*+.^_`|~0-9a-z-])/i;

/** What is wrong where what follows the scheme is no b64token. */
export const MALFORMED_AUTHORIZATION = 'The Authorization header does not hold one bearer token';

const SPACE = ' '.charCodeAt(0);

/**
 * What follows the scheme in the `Authorization` header, or `undefined` where there is none or another scheme. It is not
 * looked at: a JWE holds nothing that no b64token may hold, so that `isB64Token` is for those that were refused.
 * @param authorization every `Authorization` field of the request: `headers.authorization` hides the second.
 * @throws InvalidRequestError for several fields.
 */
export function extractBearerToken(authorization: readonly string[]): string | undefined {
  const credentials = authorization[0];
  if (credentials === undefined) return undefined;
  if (authorization.length > 1)
    throw new InvalidRequestError('The request has several Authorization headers');
  if (!BEARER_SCHEME.test(credentials)) return undefined;

  let start = 'bearer'.length;
  while (credentials.charCodeAt(start) === SPACE) start += 1;
  return credentials.slice(start);
}

/**
 * Tells a token that is merely bad from a request that is malformed: `Bearer` alone, several parts, or what is no
 * b64token (RFC 6750 sections 2.1 and 3.1).
 */
export function isB64Token(value: unknown): value is string {
  return typeof value === 'string' && B64TOKEN.test(value);
}

/**
 * The token of a header of its own, such as `x-api-key`, or `undefined` where the header is absent.
 * @param values every field of that name.
 * @throws InvalidRequestError for several fields or a value that is no b64token.
 */
export function extractHeaderToken(values: readonly string[]): string | undefined {
  const [value, ...others] = values;
  if (value === undefined) return undefined;
  if (others.length > 0) throw new InvalidRequestError('The request has several headers with a token');
  return assertB64Token(value, 'The token header does not hold one bearer token');
}

/**
 * The token of a cookie, or `undefined` where there is no such cookie.
 * @param cookieHeaders every `Cookie` field of the request (RFC 6265 section 4.2.1).
 * @throws InvalidRequestError for several cookies of that name that differ, or a value that is no b64token.
 */
export function extractCookieToken(cookieHeaders: readonly string[], name: string): string | undefined {
  const values = cookieHeaders
    .flatMap((header) => header.split(';'))
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => assertB64Token(pair.slice(name.length + 1), 'The cookie does not hold a bearer token'));
  return selectToken(values);
}

/**
 * The token of the form-encoded body, or `undefined` where there is none (RFC 6750 section 2.2).
 * @param value the parsed `access_token` parameter.
 * @throws InvalidRequestError where the parameter is repeated or no b64token.
 */
export function extractFormToken(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return assertB64Token(value, 'The form parameter access_token does not hold one bearer token');
}

/**
 * The one token that the request carries, whichever methods it used.
 * @throws InvalidRequestError where two methods differ (RFC 6750 section 2 wants one method a request; the
 *   same token sent twice is harmless, and some clients do it).
 */
export function selectToken(candidates: readonly (string | undefined)[]): string | undefined {
  const tokens = new Set(candidates.filter((candidate) => candidate !== undefined));
  if (tokens.size > 1) throw new InvalidRequestError('The request carries several tokens that differ');
  const [token] = tokens;
  return token;
}

function assertB64Token(value: unknown, description: string): string {
  if (!isB64Token(value)) throw new InvalidRequestError(description);
  return value;
}
