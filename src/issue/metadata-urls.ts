import { wellKnownUrl } from '../http/well-known-url.js';

const OPENID = 'openid-configuration';

/**
 * List the URLs at which clients expect the metadata of an issuer.
 *
 * @param isOpenId whether to include the URLs of OpenID providers (OpenID Connect Discovery 1.0 §4.1, RFC 8414 §5)
 * @param label function and option of the issuer, for the error message
 * @throws TypeError if the issuer is not an absolute URL, or has a query or fragment (RFC 8414 §2)
 */
export function metadataUrls(issuer: string, isOpenId: boolean, label: string): readonly URL[] {
  const oauth = wellKnownUrl(issuer, 'oauth-authorization-server', label);
  if (/[?#]/.test(issuer))
    throw new TypeError(
      `${label} must not contain a query or a fragment: remove "?" or "#" and the text after it`,
    );
  if (!isOpenId) return [oauth];
  const { origin, pathname } = new URL(issuer);
  const appended = new URL(`${origin}${pathname.replace(/\/$/, '')}/.well-known/${OPENID}`);
  return [oauth, wellKnownUrl(issuer, OPENID, label), appended];
}
