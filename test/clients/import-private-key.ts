import type { Jwk } from '../../src/keys/jwk.js';

/** Import a private JWK for ES256, as clients on Web Cryptography require it. */
export function importPrivateKey(jwk: Jwk): Promise<CryptoKey> {
  return crypto.subtle.importKey('jwk', { ...jwk }, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
}
