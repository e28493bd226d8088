import { isSecureUrl } from '../base/is-secure-url.js';

/** Whether a `jwks_uri` is an `https:` URL, or an `http:` URL on loopback. `fetch` rejects URLs with a user name. */
export function isJwksUri(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return isSecureUrl(url) && url.username === '' && url.password === '';
}
