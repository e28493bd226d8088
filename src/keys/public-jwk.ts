import type { KeyObject } from 'node:crypto';
import type { AsymmetricKey } from './content-key.js';
import type { Jwk } from './jwk.js';
import type { VerificationKey } from './signature-key.js';

/** What to encrypt to. */
export function toPublicJwk({ kid, alg, enc, audience, notAfter, publicKey }: AsymmetricKey): Jwk {
  return {
    ...publicMembers(publicKey),
    kid,
    use: 'enc',
    alg,
    enc,
    ...(audience === undefined ? {} : { aud: audience }),
    ...(notAfter === undefined ? {} : { exp: notAfter }),
  };
}

/** What to verify by. */
export function toVerificationJwk({ kid, alg, notAfter, publicKey }: VerificationKey): Jwk {
  return {
    ...publicMembers(publicKey),
    kid,
    use: 'sig',
    alg,
    ...(notAfter === undefined ? {} : { exp: notAfter }),
  };
}

/** Only what a public key consists of is ever copied (RFC 7518 sections 6.2.1 and 6.3.1, RFC 8037 section 2). */
function publicMembers(publicKey: KeyObject): Jwk {
  const { kty, crv, x, y, n, e } = publicKey.export({ format: 'jwk' });
  if (kty === 'RSA') return { kty, n, e };
  return kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x };
}
