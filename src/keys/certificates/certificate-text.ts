import { createHash } from 'node:crypto';

/** Maximum size of a certificate in bytes. */
const MAX_CERTIFICATE_BYTES = 16_384;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** One or more certificates in PEM (RFC 7468 §5), without other text. */
const PEM_CHAIN =
  /^-----BEGIN CERTIFICATE-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END CERTIFICATE-----(?:[\r\n]+-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----)*[\r\n]*$/;

/** Decode base64. @returns `undefined` if the text is not canonical base64, empty, or too long for a certificate */
export function decodeCertificateBase64(text: string): Buffer | undefined {
  if (text === '' || text.length > (MAX_CERTIFICATE_BYTES * 4) / 3 || !BASE64.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}

/** Decode the first certificate of a PEM text. @returns `undefined` if the text contains anything else */
export function decodeCertificatePem(text: string): Buffer | undefined {
  const [, body] = PEM_CHAIN.exec(text) ?? [];
  return body === undefined ? undefined : decodeCertificateBase64(body.replaceAll(/[\r\n]/g, ''));
}

/** Calculate the value of `x5t#S256` for a certificate in DER (RFC 8705 §3.1). */
export function certificateThumbprint(der: Buffer): string {
  return createHash('sha256').update(der).digest('base64url');
}
