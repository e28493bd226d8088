import { generateKeyPairSync } from 'node:crypto';
import type { Jwk } from './jwk.js';
import { jwkThumbprint } from './jwk-thumbprint.js';

/** Both halves of a new key pair. `privateJwk` is secret. */
export interface SigningJwkPair {
  readonly privateJwk: Jwk;
  readonly publicJwk: Jwk;
}

/** Generate a key pair for ES256, the signature algorithm that most OAuth clients support. `kid` is the thumbprint. */
export function generateSigningJwk(): SigningJwkPair {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { kty, crv, x, y, d } = privateKey.export({ format: 'jwk' });
  const shared = { kty, crv, x, y };
  const publicJwk = { ...shared, kid: jwkThumbprint(shared), use: 'sig', alg: 'ES256' };
  return { privateJwk: { ...publicJwk, d }, publicJwk };
}
