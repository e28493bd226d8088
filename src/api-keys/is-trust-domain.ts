/** SPIFFE trust domain as a URI: lower-case letters, digits, dots, dashes and underscores (SPIFFE ID §2.1). */
const TRUST_DOMAIN = /^spiffe:\/\/[a-z0-9._-]{1,255}$/;

/** Whether a value names a SPIFFE trust domain, for example `spiffe://acme.example`. */
export function isTrustDomain(issuer: string): boolean {
  return TRUST_DOMAIN.test(issuer);
}
