import { InvalidRequestError } from '../base/errors.js';
import { type FieldSource, readFields } from './read-fields.js';

/**
 * Syntax of bearer tokens, RFC 6750 §2.1: `b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
 */
const B64TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** Create a pattern that matches one of the schemes, but no longer name such as `BearerX` (RFC 9110 §5.6.2). */
export function schemePattern(names: readonly string[]): RegExp {
  const alternatives = names.map((name) => name.replaceAll(/[$*+.^|]/g, '\\$&')).join('|');
  return new RegExp(`^(?:${alternatives})(?![!#$%&'*+.^_\`|~0-9a-z-])`, 'i');
}

/** Error description for credentials that are not a b64token. */
export const MALFORMED_AUTHORIZATION = 'The Authorization header must contain exactly one bearer token';

const SPACE = ' '.charCodeAt(0);

/**
 * Create a reader of the `Authorization` header. It returns the credentials after an accepted scheme, without validation.
 * Every JWE is a b64token, so the caller checks `isB64Token()` only for rejected tokens.
 *
 * The reader returns `undefined` if the request has no field, or one with a different scheme. It throws
 * InvalidRequestError if the request has several fields.
 *
 * @param schemes names of the accepted schemes
 */
export function createBearerReader(schemes: readonly string[]): (req: FieldSource) => string | undefined {
  const pattern = schemePattern(schemes);
  return (req) => {
    const [credentials, ...others] = readFields(req, 'authorization');
    if (credentials === undefined) return undefined;
    if (others.length > 0) throw new InvalidRequestError('The request has several Authorization headers');
    const [scheme] = pattern.exec(credentials) ?? [];
    return scheme === undefined ? undefined : credentialsAfter(scheme.length, credentials);
  };
}

function credentialsAfter(end: number, authorization: string): string {
  let start = end;
  while (authorization.charCodeAt(start) === SPACE) start += 1;
  return authorization.slice(start);
}

/**
 * Return whether credentials are a b64token (RFC 6750 §2.1). Credentials of any other form make the request malformed,
 * not the token invalid (RFC 6750 §3.1).
 */
export function isB64Token(value: unknown): value is string {
  return typeof value === 'string' && B64TOKEN.test(value);
}

/**
 * Extract the token from a dedicated header, such as `x-api-key`.
 *
 * @param values all fields with the name of the header
 * @returns `undefined` if the request has no field
 * @throws InvalidRequestError if the request has several fields, or the value is not a b64token
 */
export function extractHeaderToken(values: readonly string[]): string | undefined {
  const [value, ...others] = values;
  if (value === undefined) return undefined;
  if (others.length > 0) throw new InvalidRequestError('The request has several token headers');
  return assertB64Token(value, 'The token header must contain exactly one bearer token');
}

const QUOTED = /^".*"$/;

/**
 * Extract the token from a cookie. Ignore empty and quoted values, which applications leave behind when they delete a
 * cookie.
 *
 * @param cookieHeaders all `Cookie` fields of the request (RFC 6265 §4.2.1)
 * @returns `undefined` if the request has no cookie with this name
 * @throws InvalidRequestError if cookies with this name have different values, or a value is not a b64token
 */
export function extractCookieToken(cookieHeaders: readonly string[], name: string): string | undefined {
  const pairs = cookieHeaders.flatMap((header) => header.split(';')).map((pair) => pair.trim());
  return readCookie(pairs, name) ?? readChunks(pairs, name);
}

function readCookie(pairs: readonly string[], name: string): string | undefined {
  const values = pairs
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
    .filter((value) => value !== '' && !QUOTED.test(value));
  return selectToken(values.map((value) => assertB64Token(value, 'The cookie must contain a bearer token')));
}

/** Maximum number of cookies for one token. */
const MAX_CHUNKS = 16;

/** Join the cookies `name.0`, `name.1` and so on, into which Auth.js splits a value that is too long for one cookie. */
function readChunks(pairs: readonly string[], name: string): string | undefined {
  let joined: string | undefined;
  for (let index = 0; index < MAX_CHUNKS; index += 1) {
    const prefix = `${name}.${index}=`;
    const chunks = new Set(
      pairs.filter((pair) => pair.startsWith(prefix)).map((pair) => pair.slice(prefix.length)),
    );
    const [chunk, ...others] = chunks;
    if (!isB64Token(chunk)) break;
    if (others.length > 0) throw new InvalidRequestError('The cookies must contain one bearer token');
    joined = (joined ?? '') + chunk;
  }
  return joined;
}

/**
 * Extract the token from the form-encoded body (RFC 6750 §2.2).
 *
 * @param value parsed value of the parameter `access_token`
 * @returns `undefined` if the parameter is absent
 * @throws InvalidRequestError if the parameter is repeated or not a b64token
 */
export function extractFormToken(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  return assertB64Token(value, 'The form parameter access_token must contain exactly one bearer token');
}

/**
 * Extract the token that a function of the application has returned.
 *
 * @throws InvalidRequestError if the value is not a b64token
 */
export function extractCustomToken(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  return assertB64Token(value, 'The request must contain exactly one bearer token');
}

/**
 * Select the token of a request from the tokens of all locations. RFC 6750 §2 allows one location per request, but
 * some clients send the same token in two, which is harmless.
 *
 * @returns `undefined` if no location contains a token
 * @throws InvalidRequestError if two locations contain different tokens
 */
export function selectToken(candidates: readonly (string | undefined)[]): string | undefined {
  const tokens = new Set(candidates.filter((candidate) => candidate !== undefined));
  if (tokens.size > 1) throw new InvalidRequestError('The request contains different tokens');
  const [token] = tokens;
  return token;
}

function assertB64Token(value: unknown, description: string): string {
  if (!isB64Token(value)) throw new InvalidRequestError(description);
  return value;
}
