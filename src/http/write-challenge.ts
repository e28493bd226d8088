import { InsufficientScopeError, type PassportJweError } from '../base/errors.js';
import { isSecureUrl } from '../base/is-secure-url.js';

/** Characters that `realm`, `error_description` and similar attributes may contain. RFC 6750 §3. */
const QUOTABLE = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/;

export interface ChallengeOptions {
  /** Name of the protection space, shown to users and clients. Default `api`. RFC 9110 §11.5. */
  readonly realm?: string;
  /**
   * Absolute URL of the protected resource metadata: `https`, or `http` on loopback. The application publishes it with
   * `protectedResourceMetadata()`. Default: the challenge has no `resource_metadata`. RFC 9728 §5.1.
   */
  readonly resourceMetadata?: string;
}

/** Returns the value of `WWW-Authenticate` for an error, or `undefined` if its status has no challenge. */
export type ChallengeWriter = (error: PassportJweError) => string | undefined;

/**
 * Creates a writer of `WWW-Authenticate` values (RFC 6750 §3). A challenge contains no values of requests or claims: all
 * values are constants, or were validated here or by a guard.
 *
 * @throws TypeError if `realm` or `resourceMetadata` contains characters that a challenge cannot contain.
 */
export function createChallengeWriter(options: ChallengeOptions): ChallengeWriter {
  const { realm = 'api', resourceMetadata } = options;
  if (typeof realm !== 'string' || !QUOTABLE.test(realm)) {
    throw new TypeError(
      'realm must be a string of printable ASCII without quotes and backslashes, for example "api"',
    );
  }
  const metadata =
    resourceMetadata === undefined ? [] : [`resource_metadata="${resolveUrl(resourceMetadata)}"`];

  return (error) => {
    if (error.status !== 400 && error.status !== 401 && error.status !== 403) return undefined;
    const attributes = [`realm="${realm}"`];
    if (error.error !== undefined) {
      attributes.push(`error="${error.error}"`, `error_description="${quotable(error.message)}"`);
    }
    if (error instanceof InsufficientScopeError && QUOTABLE.test(error.scope)) {
      attributes.push(`scope="${error.scope}"`);
    }
    return `Bearer ${[...attributes, ...metadata].join(', ')}`;
  };
}

/** Applications may create errors with their own messages. */
function quotable(description: string): string {
  return QUOTABLE.test(description) ? description : 'See the response body';
}

function resolveUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || !isSecureUrl(url) || !QUOTABLE.test(url.href)) {
    throw new TypeError('resourceMetadata must be an absolute https URL (http on loopback only)');
  }
  return url.href;
}
