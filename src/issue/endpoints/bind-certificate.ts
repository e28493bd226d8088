import type { Request, RequestHandler } from 'express';
import { InvalidRequestError } from '../../base/errors.js';
import { createRequestSlot } from '../../http/request-slot.js';
import type { CertificateClients } from '../certificate-clients.js';
import { clientSlot } from '../request-client.js';

const boundSlot = createRequestSlot<string>();

/**
 * Create a middleware that reads the certificate to which the issued tokens are bound (RFC 8705 §3). By default, this is
 * the certificate that has authenticated the client.
 */
export function bindCertificate(certificates: CertificateClients | undefined): RequestHandler {
  return function bindCertificate(req, _res, next) {
    const { apiKey, isCertified = false } = clientSlot.get(req);
    const { certificateBoundTokens: isBound = isCertified } = apiKey;
    if (!isBound) return next();
    const certificate = certificates?.read(req);
    if (certificate === undefined)
      throw new InvalidRequestError(
        'Tokens of this API key are bound to a client certificate: use mutual TLS',
      );
    boundSlot.fill(req, certificate.thumbprint);
    next();
  };
}

/** Return the thumbprint of the certificate to which the tokens are bound, or `undefined` if they are not bound. */
export function boundCertificateOf(req: Request): string | undefined {
  return boundSlot.read(req);
}
