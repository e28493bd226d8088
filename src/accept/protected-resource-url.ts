import { wellKnownUrl } from '../http/well-known-url.js';

/** Name of the metadata document below `/.well-known/` (RFC 9728 §3). */
export const WELL_KNOWN_NAME = 'oauth-protected-resource';

/**
 * Return the URL of the protected resource metadata, for the option `resourceMetadata` of `authenticate()`. It keeps the
 * query of the resource.
 *
 * @param resource URL of the API, and audience of its tokens
 * @throws TypeError if `resource` is not an absolute URL, or has a fragment
 * @see RFC 9728 §3.1
 *
 * @example
 * const audience = 'https://api.example.com';
 * app.use(authenticate({ ...options, audience, resourceMetadata: protectedResourceUrl(audience) }));
 */
export function protectedResourceUrl(resource: string): string {
  return wellKnownUrl(resource, WELL_KNOWN_NAME, 'protectedResourceUrl: resource').href;
}
