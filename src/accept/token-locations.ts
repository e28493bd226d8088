import type { Request } from 'express';
import { assertOptions, type KnownOptions } from '../base/options.js';

/**
 * Parts of a request that can carry the token.
 *
 * @typeParam Req request that `getToken` receives
 */
export interface TokenLocations<Req = Request> {
  /**
   * Whether to read the header `Authorization: Bearer`, or the accepted schemes of this header, for example
   * `['Bearer', 'JWE']`.
   *
   * @default true
   * @see RFC 6750 §2.1
   */
  readonly authorization?: boolean | string | readonly string[];
  /**
   * Name of a header that contains only the token, for example `x-api-key`, or an array of names.
   *
   * @default undefined (no additional header)
   */
  readonly header?: string | readonly string[];
  /**
   * Name of a cookie that contains only the token, or of the cookies `name.0`, `name.1` and so on that contain its parts, as
   * Auth.js writes them. An empty or quoted value counts as no cookie. Browsers send cookies
   * automatically, so prevent cross-site request forgery: set `SameSite`, and check a CSRF token or the `Origin` header.
   *
   * @default undefined (no cookie)
   */
  readonly cookie?: string;
  /**
   * Whether to read the parameter `access_token` of a form body. Mount a body parser before the authentication, for
   * example `express.urlencoded()` or `express.raw()`.
   *
   * @default false
   * @see RFC 6750 §2.2
   */
  readonly form?: boolean;
  /**
   * Function that finds the token in another part of the request. It returns the token without a scheme, or `undefined`,
   * `null` or `false` if the request has none. Avoid the query string, because servers log URLs (RFC 9700 §4.3.2).
   *
   * @default undefined (no function)
   */
  readonly getToken?: (req: Req) => string | false | null | undefined;
  /**
   * Location that wins if a request has tokens in several. With `'header'`, a token in a header wins over the cookie,
   * which can be stale. By default, the middleware rejects different tokens with 400.
   *
   * @default undefined (no location wins)
   */
  readonly prefer?: 'header';
}

const KNOWN: KnownOptions<TokenLocations<never>> = {
  ...{ authorization: true, header: true, cookie: true, form: true, getToken: true, prefer: true },
};

/** Token locations in their normal form. */
export interface ResolvedLocations<Req = Request>
  extends Pick<TokenLocations<Req>, 'cookie' | 'form' | 'getToken' | 'prefer'> {
  /** Accepted schemes of the `Authorization` header. Empty if the header is not read. */
  readonly schemes: readonly string[];
  /** Names of other headers in lower case. */
  readonly headers: readonly string[];
}

/** Syntax of schemes and of header and cookie names (RFC 9110 §5.6.2). */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/**
 * Check the option `tokenLocations`.
 *
 * @param where function that takes the option, for the error messages
 * @throws TypeError if a member is unknown or malformed, or no location is enabled
 */
export function resolveTokenLocations<Req>(
  locations: TokenLocations<Req> = {},
  where: string,
): ResolvedLocations<Req> {
  assertOptions(locations, KNOWN, `${where}: tokenLocations`);
  const { authorization = true, header = [], ...others } = locations;
  const schemes = typeof authorization === 'boolean' ? ['Bearer'].filter(() => authorization) : authorization;
  const resolved = { ...others, schemes: [schemes].flat(), headers: [header].flat().map(toFieldName) };
  assertLocations(resolved, `${where}: tokenLocations`);
  return resolved;
}

function toFieldName(name: string): string {
  return typeof name === 'string' ? name.toLowerCase() : name;
}

function assertLocations(locations: ResolvedLocations<never>, where: string): void {
  const { schemes, headers, cookie, form, getToken, prefer } = locations;
  for (const [option, names] of Object.entries({ header: headers, cookie: cookie ?? [] })) {
    if (![names].flat().every(isName))
      throw new TypeError(
        `${where}.${option} must be a name without spaces or separators, for example "x-api-key"`,
      );
  }
  if (headers.includes('authorization'))
    throw new TypeError(`${where}.header must not be "authorization": set authorization: true instead`);
  if (!schemes.every(isName))
    throw new TypeError(
      `${where}.authorization must be a boolean or scheme names, for example ["Bearer", "JWE"]`,
    );
  if (schemes.some((scheme) => scheme.toLowerCase() === 'dpop'))
    throw new TypeError(
      `${where}.authorization must not contain "DPoP", whose tokens require a proof: set dpop: { mode: "allow", baseUrl } instead`,
    );
  if (getToken !== undefined && typeof getToken !== 'function')
    throw new TypeError(`${where}.getToken must be a function, for example (req) => req.signedCookies.token`);
  if (prefer !== undefined && (prefer !== 'header' || cookie === undefined))
    throw new TypeError(`${where}.prefer must be "header": set it only together with cookie`);
  const isEnabled = schemes.length + headers.length > 0 || cookie !== undefined || form === true;
  if (!isEnabled && getToken === undefined)
    throw new TypeError(
      `${where} enables no location: enable at least one, for example { authorization: true }`,
    );
}

function isName(name: unknown): boolean {
  return typeof name === 'string' && NAME.test(name);
}

/** Add schemes of the `Authorization` header that other options enable. */
export function addSchemes<Req>(
  locations: ResolvedLocations<Req>,
  schemes: readonly string[],
): ResolvedLocations<Req> {
  return { ...locations, schemes: [...locations.schemes, ...schemes] };
}

/** List the enabled locations, for debug lines. */
export function listTokenLocations({
  schemes,
  headers,
  cookie,
  form,
  getToken,
}: ResolvedLocations<never>): readonly string[] {
  return [
    ...schemes.map((scheme) => `Authorization: ${scheme}`),
    ...headers.map((header) => `header ${header}`),
    ...(cookie === undefined ? [] : [`cookie ${cookie}`]),
    ...(form === true ? ['form parameter access_token'] : []),
    ...(getToken === undefined ? [] : ['getToken()']),
  ];
}
