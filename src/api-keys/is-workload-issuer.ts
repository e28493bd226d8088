import { isSecureUrl } from '../base/is-secure-url.js';
import { isTrustDomain } from './is-trust-domain.js';

/** Whether a value names an issuer of workload identities: an `https:` URL (`http:` on loopback), or a trust domain. */
export function isWorkloadIssuer(issuer: unknown): issuer is string {
  if (typeof issuer !== 'string') return false;
  return isTrustDomain(issuer) || (URL.canParse(issuer) && isSecureUrl(new URL(issuer)));
}
