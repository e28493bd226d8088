import { hasQueryOrFragment } from '../base/has-query-or-fragment.js';
import { isSecureUrl } from '../base/is-secure-url.js';
import { parseUrl } from '../base/parse-url.js';

/** Whether a value can be the issuer of ID tokens: an `https:` URL, or `http:` on loopback (OpenID Connect Core §2). */
export function isIdTokenIssuer(issuer: unknown): issuer is string {
  const url = parseUrl(issuer);
  return typeof issuer === 'string' && url !== undefined && isSecureUrl(url) && !hasQueryOrFragment(issuer);
}
