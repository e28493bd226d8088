import { isSecureUrl } from '../base/is-secure-url.js';

/** SPIFFE trust domain as a URI: lower-case letters, digits, dots, dashes and underscores (SPIFFE ID §2.1). */
const TRUST_DOMAIN = /^spiffe:\/\/[a-z0-9._-]{1,255}$/;

/** Whether a value names a SPIFFE trust domain, for example `spiffe://acme.example`. */
export function isTrustDomain(issuer: string): boolean {
  return TRUST_DOMAIN.test(issuer);
}

/** Whether a value names an issuer of workload identities: an `https:` URL (`http:` on loopback), or a trust domain. */
export function isWorkloadIssuerName(issuer: unknown): issuer is string {
  if (typeof issuer !== 'string') return false;
  return isTrustDomain(issuer) || (URL.canParse(issuer) && isSecureUrl(new URL(issuer)));
}
