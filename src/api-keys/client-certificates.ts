import * as v from 'valibot';
import { parseComparableIp } from '../keys/certificates/comparable-ip.js';
import { parseDistinguishedName } from '../keys/certificates/distinguished-name.js';
import { CERTIFICATE_SUBJECTS, type CertificateSubject } from './api-key.js';
import { mapping } from './mapping.js';
import { text } from './text.js';

/** Schema for a value that `parse` converts to the form in which certificates are compared. */
const comparable = (parse: (value: string) => string | undefined, message: string) =>
  v.pipe(
    text(1024),
    v.rawTransform(({ dataset: { value }, addIssue, NEVER }): string => {
      const parsed = parse(value);
      if (parsed !== undefined) return parsed;
      addIssue({ message });
      return NEVER;
    }),
  );

const ONE_SUBJECT = `must have exactly one of ${CERTIFICATE_SUBJECTS.join(', ')} (RFC 8705 §2.1.2)`;

/** Schema for `tls_client_auth`: the subject of the certificates that a trusted CA issues to the client. */
export const tlsClientAuth = v.pipe(
  mapping(
    {
      subject_dn: v.optional(
        comparable(
          parseDistinguishedName,
          'must be a distinguished name (RFC 4514), for example CN=billing,O=Acme,C=DE: copy the output of openssl x509 -noout -subject -nameopt RFC2253',
        ),
      ),
      san_dns: v.optional(
        comparable(
          (name) => (/^[A-Za-z0-9_.-]+$/.test(name) ? name.toLowerCase() : undefined),
          'must be a DNS name without wildcard, for example billing.acme.example',
        ),
      ),
      san_uri: v.optional(
        comparable(
          (uri) => (/^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/.test(uri) ? uri : undefined),
          'must be an absolute URI, for example spiffe://acme.example/billing',
        ),
      ),
      san_ip: v.optional(
        comparable(parseComparableIp, 'must be an IPv4 or IPv6 address, for example 192.0.2.7'),
      ),
      san_email: v.optional(
        comparable(
          (email) => (/^[!-?A-~]+@[!-?A-~]+$/.test(email) ? email : undefined),
          'must be an email address, for example billing@acme.example',
        ),
      ),
    },
    `must be a mapping with one of ${CERTIFICATE_SUBJECTS.join(', ')}`,
  ),
  v.rawTransform(({ dataset: { value }, addIssue, NEVER }): CertificateSubject => {
    const subjects = CERTIFICATE_SUBJECTS.flatMap((kind) => {
      const name = value[kind];
      return name === undefined ? [] : [{ kind, name }];
    });
    const [subject, ...others] = subjects;
    if (subject !== undefined && others.length === 0) return Object.freeze(subject);
    addIssue({ message: ONE_SUBJECT });
    return NEVER;
  }),
);

/** Maximum number of thumbprints. A rotation needs two. */
const MAX_THUMBPRINTS = 16;

const thumbprint = comparable(
  readThumbprint,
  'must be the SHA-256 fingerprint of a certificate: copy the output of openssl x509 -noout -fingerprint -sha256 after the equals sign, or write x5t#S256 in base64url',
);

/** Schema for `self_signed_tls_client_auth`: the registered certificates of the client. */
export const selfSignedTlsClientAuth = mapping(
  {
    thumbprints: v.optional(
      v.pipe(
        v.array(thumbprint, 'must be a list'),
        v.minLength(1, 'must contain at least one fingerprint'),
        v.maxLength(
          MAX_THUMBPRINTS,
          `must have at most ${MAX_THUMBPRINTS} fingerprints: remove old certificates`,
        ),
      ),
    ),
  },
  'must be a mapping of thumbprints, or {} for the certificates in jwks',
);

/** Convert a fingerprint in hexadecimal to base64url. Return a fingerprint in canonical base64url unchanged. */
function readThumbprint(value: string): string | undefined {
  const hex = value.replaceAll(':', '');
  if (/^[0-9A-Fa-f]{64}$/.test(hex)) return Buffer.from(hex, 'hex').toString('base64url');
  const digest = Buffer.from(value, 'base64url');
  return digest.length === 32 && digest.toString('base64url') === value ? value : undefined;
}
