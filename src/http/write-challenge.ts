import { InsufficientScopeError, type PassportJweError } from '../base/errors.js';
import { isSecureUrl } from '../base/is-secure-url.js';

/** RFC 6750 section 3: the characters that `realm`, `error_description` and their like may hold. */
const QUOTABLE = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/;

export interface ChallengeOptions {
  /** Protection space, for humans and clients to tell services apart. Default `api`. RFC 9110 section 11.5. */
  readonly realm?: string;
  /**
   * Absolute URL of the protected resource metadata, published by the application; `https`, or `http` on
   * loopback. Default: none, and the challenge does not mention it. RFC 9728 section 5.1.
   */
  readonly resourceMetadata?: string;
}

/** The value of `WWW-Authenticate` for a failure, or `undefined` for a status that carries none. */
export type ChallengeWriter = (error: PassportJweError) => string | undefined;

/**
 * Resolves the options once into a writer of `WWW-Authenticate` values (RFC 6750 section 3). Nothing from a
 * request or a claim enters a challenge: what is not constant was validated here or by a guard.
 * @throws TypeError for a realm or URL with characters that a challenge cannot hold.
 */
export function createChallengeWriter(options: ChallengeOptions): ChallengeWriter {
  const { realm = 'api', resourceMetadata } = options;
  if (typeof realm !== 'string' || !QUOTABLE.test(realm)) {
    throw new TypeError('realm must be printable ASCII without quotes and backslashes');
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

/** An application may throw failures with texts of its own. */
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
