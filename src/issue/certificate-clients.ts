import type { Request } from 'express';
import type { ApiKey, ClientCertificateRules } from '../api-keys/api-key.js';
import { type ApiKeyRegistry, assertMayIssue } from '../api-keys/api-key-registry.js';
import { matchesCertificate } from '../api-keys/matches-certificate.js';
import type { Clock, NumericDate } from '../base/clock.js';
import type { ClientRejection } from '../base/rejections.js';
import { InvalidClientError } from '../base/token-endpoint-errors.js';
import {
  type CertificateReader,
  type ClientCertificate,
  createCertificateReader,
} from '../http/client-certificate.js';
import type { CertificateSource } from '../http/mutual-tls-options.js';

/** Authenticates clients by the certificates of their TLS connections (RFC 8705 §2). */
export interface CertificateClients {
  /** Read the certificate of a request. Throw like the reader of the certificates. */
  read: CertificateReader;
  /** Whether an API key authenticates its clients by certificates. */
  isFor(clientId: string | undefined): boolean;
  /** Whether the certificate of a request authenticates the client. */
  matches(req: Request, clientId: string | undefined): boolean;
  /**
   * Authenticate a client by the certificate of a request.
   *
   * @throws InvalidClientError if the certificate is missing or not that of the client, or the API key is not active
   * @throws InvalidRequestError if the proxy has sent a malformed certificate
   */
  authenticate(req: Request, clientId: string): ApiKey;
}

/** Dependencies of `createCertificateClients()`. */
export interface CertificateClientParts {
  readonly apiKeys: ApiKeyRegistry;
  readonly certificateSource: CertificateSource | undefined;
  readonly clock: Clock;
}

/**
 * Create the authentication of clients by `tls_client_auth` and `self_signed_tls_client_auth`.
 *
 * @returns `undefined` without the option `mutualTls`: certificates have no effect
 */
export function createCertificateClients({
  apiKeys,
  certificateSource,
  clock,
}: CertificateClientParts): CertificateClients | undefined {
  if (certificateSource === undefined) return undefined;
  const read = createCertificateReader(certificateSource);
  const rulesOf = (clientId = ''): ClientCertificateRules | undefined => apiKeys.get(clientId)?.certificates;
  const findFault = (req: Request, rules: ClientCertificateRules): ClientRejection | undefined => {
    const certificate = read(req);
    return certificate === undefined ? 'certificate_missing' : faultOf(certificate, rules, clock());
  };

  return {
    read,
    isFor: (clientId) => rulesOf(clientId) !== undefined,
    matches(req, clientId) {
      const rules = rulesOf(clientId);
      return rules !== undefined && findFault(req, rules) === undefined;
    },
    authenticate(req, clientId) {
      const apiKey = apiKeys.get(clientId);
      if (apiKey?.certificates === undefined) throw new InvalidClientError('no_credentials');
      const fault = findFault(req, apiKey.certificates);
      if (fault !== undefined) throw new InvalidClientError(fault);
      return assertMayIssue(apiKey, clock());
    },
  };
}

/**
 * Find the reason why a certificate does not authenticate a client. The validity period is checked for each request: a
 * connection or a TLS session can outlast the certificate.
 */
function faultOf(
  { thumbprint, isAuthorized, details }: ClientCertificate,
  rules: ClientCertificateRules,
  now: NumericDate,
): ClientRejection | undefined {
  const found = details();
  if (rules.method === 'self_signed_tls_client_auth') {
    if (!rules.thumbprints.includes(thumbprint)) return 'certificate_mismatch';
    return found !== undefined && !isValidAt(found, now) ? 'certificate_expired' : undefined;
  }
  if (!isAuthorized) return 'certificate_untrusted';
  if (found === undefined) return 'certificate_unreadable';
  if (!matchesCertificate(rules.subject, found)) return 'certificate_mismatch';
  return isValidAt(found, now) ? undefined : 'certificate_expired';
}

/** Whether a time is within a validity period, which includes both ends (RFC 5280 §4.1.2.5). */
function isValidAt(
  { notBefore, notAfter }: { readonly notBefore: NumericDate; readonly notAfter: NumericDate },
  now: NumericDate,
): boolean {
  return notBefore <= now && Math.floor(now) <= notAfter;
}
