import { isSecureUrl } from '../base/is-secure-url.js';
import { parseUrl } from '../base/parse-url.js';
import { isTrustDomain } from './is-trust-domain.js';

/** Whether a value names an issuer of workload identities: an `https:` URL (`http:` on loopback), or a trust domain. */
export function isWorkloadIssuer(issuer: unknown): issuer is string {
  if (typeof issuer !== 'string') return false;
  const url = parseUrl(issuer);
  return isTrustDomain(issuer) || (url !== undefined && isSecureUrl(url));
}
