import { isSecureUrl } from '../base/is-secure-url.js';
import { parseUrl } from '../base/parse-url.js';

/** Whether a `jwks_uri` is an `https:` URL, or an `http:` URL on loopback. `fetch` rejects URLs with a user name. */
export function isJwksUri(text: string): boolean {
  const url = parseUrl(text);
  return url !== undefined && isSecureUrl(url) && url.username === '' && url.password === '';
}
