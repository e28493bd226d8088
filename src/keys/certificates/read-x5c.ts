import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Jwk } from '../jwk.js';
import { parseCertificate } from './certificate-details.js';
import { certificateThumbprint, decodeCertificateBase64 } from './certificate-text.js';

const MALFORMED =
  'x5c must be a list of certificates in base64 DER, the first for the key of this JWK: correct or remove x5c';

/**
 * Return the thumbprint of the first certificate in `x5c` of a JWK. It must contain the key of the JWK (RFC 7517 §4.7).
 *
 * @returns `undefined` if the JWK has no `x5c`
 * @throws TypeError if `x5c` is malformed or belongs to a different key
 */
export function readX5cThumbprint({ x5c }: Jwk, publicKey: KeyObject): string | undefined {
  if (x5c === undefined) return undefined;
  const first: unknown = Array.isArray(x5c) ? x5c[0] : undefined;
  const der = typeof first === 'string' ? decodeCertificateBase64(first) : undefined;
  const details = der && parseCertificate(der);
  if (der === undefined || details === undefined || !isSameKey(details.publicKey, publicKey)) {
    throw new TypeError(MALFORMED);
  }
  return certificateThumbprint(der);
}

function isSameKey(encoded: Buffer, publicKey: KeyObject): boolean {
  try {
    return createPublicKey({ key: encoded, format: 'der', type: 'spki' }).equals(publicKey);
  } catch {
    return false;
  }
}
