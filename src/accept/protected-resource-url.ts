import { wellKnownUrl } from '../http/well-known-url.js';

/**
 * Returns the URL of the metadata of a protected resource, for the option `resourceMetadata` of `authenticate()`.
 *
 * @param resource URL that identifies the API, and the audience of its tokens
 * @throws TypeError if `resource` is not an absolute URL
 * @see RFC 9728 §3.1
 *
 * @example
 * const audience = 'https://api.example.com';
 * app.use(authenticate({ ...options, audience, resourceMetadata: protectedResourceUrl(audience) }));
 */
export function protectedResourceUrl(resource: string): string {
  return wellKnownUrl(resource, 'oauth-protected-resource', 'resource').href;
}
