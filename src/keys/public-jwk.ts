import type { KeyObject } from 'node:crypto';
import type { AsymmetricKey } from './content-key.js';
import type { PrivateDecryptionKey } from './decryption-key.js';
import type { Jwk } from './jwk.js';
import type { VerificationKey } from './signature-key.js';

/** Format an encryption key as a public JWK. */
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

/** Format the public half of a decryption key as a JWK. */
export function toPublicDecryptionJwk({ kid, alg, enc, notAfter, publicKey }: PrivateDecryptionKey): Jwk {
  return {
    ...publicMembers(publicKey),
    kid,
    use: 'enc',
    ...(alg === undefined ? {} : { alg }),
    ...(enc === undefined ? {} : { enc }),
    ...(notAfter === undefined ? {} : { exp: notAfter }),
  };
}

/** Format a verification key as a public JWK. */
export function toVerificationJwk({ kid, alg, notAfter, publicKey }: VerificationKey): Jwk {
  return {
    ...publicMembers(publicKey),
    kid,
    use: 'sig',
    alg,
    ...(notAfter === undefined ? {} : { exp: notAfter }),
  };
}

/** Export the public members of a key only (RFC 7518 §6.2.1, §6.3.1, RFC 8037 §2). */
export function publicMembers(publicKey: KeyObject): Jwk {
  const { kty, crv, x, y, n, e } = publicKey.export({ format: 'jwk' });
  if (kty === 'RSA') return { kty, n, e };
  return kty === 'EC' ? { kty, crv, x, y } : { kty, crv, x };
}
