import { isCertificate } from '../keys/certificates/certificate-details.js';
import {
  certificateThumbprint,
  decodeCertificateBase64,
  decodeCertificatePem,
} from '../keys/certificates/certificate-text.js';
import type { CertificateSource } from './mutual-tls-options.js';
import { parseXfcc } from './parse-xfcc.js';

/** Certificate that a proxy forwards. */
export interface ForwardedCertificate {
  readonly thumbprint: string;
  /** The certificate in DER. Absent if the proxy forwards only its digest. */
  readonly der?: Buffer;
}

/** Header that contains the certificate, and its decoder. */
export interface CertificateHeader {
  /** Name in lower case. */
  readonly name: string;
  /** Decode a header that is not empty. Returns `undefined` if it is malformed, and `null` if it states no certificate. */
  readonly decode: (value: string) => ForwardedCertificate | null | undefined;
}

/** Return the header of a proxy. Each source has exactly one. */
export function certificateHeaderOf({
  kind,
  isVerified,
}: Exclude<CertificateSource, { kind: 'socket' }>): CertificateHeader {
  if (kind === 'client-cert') return { name: 'client-cert', decode: decodeByteSequence };
  if (kind === 'xfcc')
    return { name: 'x-forwarded-client-cert', decode: (value) => decodeXfcc(value, isVerified) };
  if (kind === 'nginx') return { name: 'x-ssl-client-cert', decode: decodeEscapedPem };
  return {
    name: isVerified ? 'x-amzn-mtls-clientcert-leaf' : 'x-amzn-mtls-clientcert',
    decode: decodeEscapedPem,
  };
}

/** Byte sequence of a structured field (RFC 9651 §3.3.5), without parameters. */
const BYTE_SEQUENCE = /^:([A-Za-z0-9+/=]*):$/;

/** Decode `Client-Cert` (RFC 9440 §2.2). HAProxy forwards an empty sequence if there is no certificate. */
function decodeByteSequence(value: string): ForwardedCertificate | null | undefined {
  const [, base64] = BYTE_SEQUENCE.exec(value) ?? [];
  if (base64 === undefined) return undefined;
  return base64 === '' ? null : describe(decodeCertificateBase64(base64));
}

/** Decode a URL-encoded PEM text. `+` stands for itself, since AWS does not encode it. The first certificate counts. */
function decodeEscapedPem(value: string): ForwardedCertificate | undefined {
  const pem = decodePercent(value);
  return pem === undefined ? undefined : describe(decodeCertificatePem(pem));
}

/** SHA-256 digest in hexadecimal. */
const SHA256 = /^[0-9a-f]{64}$/i;

/** Decode the last element of `X-Forwarded-Client-Cert`. If it has `Cert` and `Hash`, they must agree. */
function decodeXfcc(value: string, isVerified: boolean): ForwardedCertificate | undefined {
  const element = parseXfcc(value, isVerified);
  const [hash, cert] = [element?.get('hash'), element?.get('cert')];
  if (hash !== undefined && !SHA256.test(hash)) return undefined;
  const digest = hash === undefined ? undefined : Buffer.from(hash, 'hex').toString('base64url');
  if (cert === undefined) return digest === undefined ? undefined : { thumbprint: digest };
  const forwarded = decodeEscapedPem(cert);
  return digest === undefined || digest === forwarded?.thumbprint ? forwarded : undefined;
}

function describe(der: Buffer | undefined): ForwardedCertificate | undefined {
  if (der === undefined || !isCertificate(der)) return undefined;
  return { thumbprint: certificateThumbprint(der), der };
}

function decodePercent(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
