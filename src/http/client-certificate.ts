import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { InvalidRequestError } from '../base/errors.js';
import { createFifoCache } from '../base/fifo-cache.js';
import { once } from '../base/once.js';
import { type CertificateDetails, parseCertificate } from '../keys/certificates/certificate-details.js';
import { certificateHeaderOf, type ForwardedCertificate } from './certificate-header.js';
import type { CertificateSource } from './mutual-tls-options.js';
import { readFields } from './read-fields.js';
import { createRequestSlot } from './request-slot.js';

/** Certificate with which the client of a request has authenticated its TLS connection. */
export interface ClientCertificate {
  /** SHA-256 digest of the DER in base64url: the value of `cnf["x5t#S256"]` (RFC 8705 §3.1). */
  readonly thumbprint: string;
  /** Whether the TLS server or the proxy has verified that a trusted CA issued the certificate. */
  readonly isAuthorized: boolean;
  /** Return the contents. `undefined` if the proxy forwards only a digest, or the certificate is malformed. */
  readonly details: () => CertificateDetails | undefined;
}

/**
 * Reads the client certificate of a request.
 *
 * @returns `undefined` if the client has sent none, or the peer of the connection is not a configured proxy
 * @throws InvalidRequestError if a configured proxy has sent a repeated or malformed header
 */
export type CertificateReader = (req: IncomingMessage) => ClientCertificate | undefined;

/** Create a reader of client certificates. */
export function createCertificateReader(source: CertificateSource): CertificateReader {
  return source.kind === 'socket' ? readFromSocket : createHeaderReader(source);
}

const certificateSlot = createRequestSlot<ClientCertificate, TLSSocket>();

/**
 * Read the certificate of the TLS connection. Also check that there is one: Node.js sets `authorized` on resumed TLS 1.3
 * connections without a certificate.
 */
function readFromSocket({ socket }: IncomingMessage): ClientCertificate | undefined {
  if (!isSecure(socket)) return undefined;
  const known = certificateSlot.read(socket);
  if (known !== undefined) return known;
  const x509 = socket.getPeerX509Certificate();
  if (x509 === undefined) return undefined;
  const certificate = describeX509(x509, socket.authorized);
  // A renegotiation of TLS 1.2 can change the certificate. TLS 1.3 has none (RFC 8446 §4.1.2).
  if (socket.getProtocol() === 'TLSv1.3') certificateSlot.fill(socket, certificate);
  return certificate;
}

/** Whether a socket is one of TLS. Adapters of other hosts have sockets of other classes. */
function isSecure(socket: object): socket is TLSSocket {
  return 'getPeerX509Certificate' in socket && typeof socket.getPeerX509Certificate === 'function';
}

function describeX509(x509: X509Certificate, isAuthorized: boolean): ClientCertificate {
  return {
    thumbprint: Buffer.from(x509.fingerprint256.replaceAll(':', ''), 'hex').toString('base64url'),
    isAuthorized,
    details: once(() => parseCertificate(x509.raw)),
  };
}

/** Maximum length of a header. A chain of certificates in AWS `passthrough` mode is the longest. */
const MAX_HEADER_LENGTH = 65_536;

/** Maximum number and length of the headers whose certificates are cached: at most about 2 MB. */
const CACHE = { entries: 256, length: 8192 } as const;

/** Header of nginx with the result of the verification. */
const NGINX_VERIFICATION = 'x-ssl-client-verify';

type CachedCertificate = Omit<ClientCertificate, 'isAuthorized'>;

/** Create a reader of the header of a proxy. A client has the same header in all requests, so certificates are cached. */
function createHeaderReader(source: Exclude<CertificateSource, { kind: 'socket' }>): CertificateReader {
  const header = certificateHeaderOf(source);
  const cache = createFifoCache<string, CachedCertificate>(CACHE.entries);
  const isAuthorized =
    source.kind === 'nginx'
      ? (req: IncomingMessage) => readSingle(req, NGINX_VERIFICATION) === 'SUCCESS'
      : () => source.isVerified;

  const decode = (value: string): CachedCertificate | undefined => {
    const forwarded = value.length > MAX_HEADER_LENGTH ? undefined : header.decode(value);
    if (forwarded === null) return undefined;
    if (forwarded === undefined)
      throw new InvalidRequestError(`The proxy sent a malformed ${header.name} header`);
    const certificate = describeForwarded(forwarded);
    if (value.length <= CACHE.length) cache.set(value, certificate);
    return certificate;
  };

  return (req) => {
    if (!source.proxies.has(req.socket.remoteAddress)) return undefined;
    const value = readSingle(req, header.name);
    if (value === undefined || value === '') return undefined;
    const certificate = cache.get(value) ?? decode(value);
    return certificate && { ...certificate, isAuthorized: isAuthorized(req) };
  };
}

function describeForwarded({ thumbprint, der }: ForwardedCertificate): CachedCertificate {
  return { thumbprint, details: once(() => (der === undefined ? undefined : parseCertificate(der))) };
}

/** Read a header that the proxy must not repeat: a second field could come from the client. */
function readSingle(req: IncomingMessage, name: string): string | undefined {
  const [value, ...others] = readFields(req, name);
  if (others.length > 0) throw new InvalidRequestError(`The proxy sent several ${name} headers`);
  return value;
}
