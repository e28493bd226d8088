import type { CertificateDetails } from '../keys/certificates/certificate-details.js';
import type { CertificateSubject, SubjectKind } from './api-key.js';

/** Return the names of one kind in a certificate. */
const NAMES: Readonly<Record<SubjectKind, (details: CertificateDetails) => readonly string[]>> = {
  subject_dn: ({ subject }) => [subject],
  san_dns: ({ alternatives }) => alternatives.dns,
  san_uri: ({ alternatives }) => alternatives.uris,
  san_ip: ({ alternatives }) => alternatives.ips,
  san_email: ({ alternatives }) => alternatives.emails,
};

/** Whether a certificate has the subject of a client (RFC 8705 §2.1.2). Wildcards in the certificate match no name. */
export function matchesCertificate({ kind, name }: CertificateSubject, details: CertificateDetails): boolean {
  return NAMES[kind](details).includes(name);
}
