import { InsufficientScopeError, MissingCredentialsError, type PassportJweError } from '../base/errors.js';
import { isSecureUrl } from '../base/is-secure-url.js';
import { parseUrl } from '../base/parse-url.js';
import { formatScope, parseScope } from '../token/claims/scope.js';

/** Syntax of challenge attributes such as `realm` and `error_description` (RFC 6750 §3). */
const QUOTABLE = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/;

/** Options of the `WWW-Authenticate` challenge in error responses (RFC 6750 §3). */
export interface ChallengeOptions {
  /**
   * Name of the protection space, which clients can show to users.
   *
   * @default 'api'
   * @see RFC 9110 §11.5
   */
  readonly realm?: string;
  /**
   * Absolute URL of the protected resource metadata: `https`, or `http` on loopback. Publish the metadata with
   * `protectedResourceMetadata()`.
   *
   * @default undefined (the challenge has no `resource_metadata`)
   * @see RFC 9728 §5.1
   */
  readonly resourceMetadata?: string;
}

/** Scheme of the `Authorization` header (RFC 6750 §2.1, RFC 9449 §7.1). */
export type AuthorizationScheme = 'Bearer' | 'DPoP';

/**
 * Returns the `WWW-Authenticate` value for an error, or `undefined` for a status without a challenge.
 *
 * @param scheme scheme that the request used. Its challenge contains the error. Default: `Bearer`, if it is accepted
 */
export type ChallengeWriter = (error: PassportJweError, scheme?: AuthorizationScheme) => string | undefined;

/** Properties of the routes that a challenge describes. */
export interface ChallengedRoutes {
  /**
   * Scope that every request requires. A 401 challenge contains it (RFC 6750 §3).
   *
   * @default [] (no scope)
   */
  readonly scope?: readonly string[];
  /**
   * DPoP: whether bearer tokens are accepted too, and the algorithms of proofs (RFC 9449 §7.1).
   *
   * @default undefined (only bearer tokens are accepted)
   */
  readonly dpop?: { readonly mode: 'allow' | 'require'; readonly algorithms: readonly string[] } | undefined;
}

/**
 * Create a writer of `WWW-Authenticate` values (RFC 6750 §3, RFC 9449 §7.1). Challenges do not contain request data or
 * claims, only constants and validated options.
 *
 * @param where function that takes the options, for the error messages
 * @throws TypeError if `realm` contains quotes, backslashes or non-ASCII characters, or `resourceMetadata` is not a
 *   secure URL
 */
export function createChallengeWriter(
  options: ChallengeOptions,
  where: string,
  { scope: required = [], dpop }: ChallengedRoutes = {},
): ChallengeWriter {
  const { realm = 'api', resourceMetadata } = options;
  if (typeof realm !== 'string' || !QUOTABLE.test(realm)) {
    throw new TypeError(
      `${where}: realm must be a string of printable ASCII without quotes or backslashes, for example "api"`,
    );
  }
  const metadata =
    resourceMetadata === undefined ? [] : [`resource_metadata="${resolveUrl(resourceMetadata, where)}"`];
  const proofs = dpop === undefined ? [] : [`algs="${dpop.algorithms.join(' ')}"`];
  const schemes = acceptedSchemes(dpop?.mode);

  return (error, requested = 'Bearer') => {
    if (error.status !== 400 && error.status !== 401 && error.status !== 403) return undefined;
    const scope = scopeOf(error, required);
    const scopes = QUOTABLE.test(scope) ? [`scope="${scope}"`] : [];
    const used = schemes.find((scheme) => scheme === requested) ?? 'DPoP';
    // A client that used DPoP receives only this challenge. Some libraries accept no second one with a nonce.
    const offered = error.status === 401 && used === 'Bearer' ? schemes : [used];
    const challenges = offered.map((scheme) => {
      const errors = scheme === used ? describeError(error) : [];
      const algorithms = scheme === 'DPoP' ? proofs : [];
      const attributes = [`realm="${realm}"`, ...errors, ...scopes, ...algorithms, ...metadata];
      return `${scheme} ${attributes.join(', ')}`;
    });
    return challenges.join(', ');
  };
}

function acceptedSchemes(dpop: 'allow' | 'require' | undefined): readonly AuthorizationScheme[] {
  if (dpop === undefined) return ['Bearer'];
  return dpop === 'allow' ? ['Bearer', 'DPoP'] : ['DPoP'];
}

function describeError({ error, message }: PassportJweError): readonly string[] {
  return error === undefined ? [] : [`error="${error}"`, `error_description="${quotable(message)}"`];
}

/**
 * Return the scope that a request needs (RFC 6750 §3): the scope of every request, and that of the guard. A client that
 * requests a token with this scope passes both.
 */
function scopeOf(error: PassportJweError, required: readonly string[]): string {
  const isMissing = error instanceof InsufficientScopeError || error instanceof MissingCredentialsError;
  if (error.status !== 401 && !(error instanceof InsufficientScopeError)) return '';
  const more = isMissing ? (parseScope(error.scope) ?? []) : [];
  return formatScope([...new Set([...required, ...more])]);
}

/** Replace descriptions that a challenge cannot contain: applications can create errors with any message. */
function quotable(description: string): string {
  return QUOTABLE.test(description) ? description : 'See the response body';
}

function resolveUrl(value: string, where: string): string {
  const url = parseUrl(value);
  if (url === undefined || !isSecureUrl(url) || !QUOTABLE.test(url.href)) {
    throw new TypeError(
      `${where}: resourceMetadata must be an absolute https URL (http on loopback only): pass protectedResourceUrl(...)`,
    );
  }
  return url.href;
}
