import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  type X25519KeyPairOptions,
} from 'node:crypto';
import type { AgreementCurve, AsymmetricAlgorithm } from '../../src/keys/content-key.js';
import type { Jwk } from '../../src/keys/jwk.js';
import type { SignatureAlgorithm } from '../../src/keys/signature-key.js';

/** Both halves as JWKs. */
export interface JwkPair {
  readonly privateJwk: Jwk;
  readonly publicJwk: Jwk;
}

/**
 * Node 20 may wait for itself for ever where a key of `generateKeyPairSync` is exported later: the export holds the lock
 * of the key, and a garbage collection meanwhile, of the job that generated it, wants it too. As PEM it is exported
 * while the job still lives.
 */
const PEM: X25519KeyPairOptions<'pem', 'pem'> = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
};

function toPair(halves: { privateKey: string; publicKey: string }, members: Jwk): JwkPair {
  return {
    privateJwk: { ...createPrivateKey(halves.privateKey).export({ format: 'jwk' }), ...members },
    publicJwk: { ...createPublicKey(halves.publicKey).export({ format: 'jwk' }), ...members },
  };
}

export function generateRsa(members: Jwk = {}, modulusLength = 2048): JwkPair {
  return toPair(generateKeyPairSync('rsa', { modulusLength, ...PEM }), members);
}

export function generateEc(namedCurve: string, members: Jwk = {}): JwkPair {
  return toPair(generateKeyPairSync('ec', { namedCurve, ...PEM }), members);
}

export function generateOkp(curve: 'x25519' | 'ed25519' | 'x448' | 'ed448', members: Jwk = {}): JwkPair {
  switch (curve) {
    case 'x25519':
      return toPair(generateKeyPairSync('x25519', PEM), members);
    case 'ed25519':
      return toPair(generateKeyPairSync('ed25519', PEM), members);
    case 'x448':
      return toPair(generateKeyPairSync('x448', PEM), members);
    case 'ed448':
      return toPair(generateKeyPairSync('ed448', PEM), members);
  }
}

/** Keys to encrypt to; `curve` counts for key agreement alone. */
export function generateRecipient(
  alg: AsymmetricAlgorithm,
  members: Jwk = {},
  curve: AgreementCurve = 'P-256',
): JwkPair {
  const all = { kid: 'recipient', alg, ...members };
  if (alg === 'RSA-OAEP-256') return generateRsa(all);
  return curve === 'X25519' ? generateOkp('x25519', all) : generateEc(curve, all);
}

export function generateSigner(alg: SignatureAlgorithm = 'EdDSA', members: Jwk = {}): JwkPair {
  const all = { kid: 'signer', alg, ...members };
  if (alg === 'EdDSA') return generateOkp('ed25519', all);
  return alg === 'ES256' ? generateEc('P-256', all) : generateRsa(all);
}

/** A shared key of 32 random bytes. */
export function generateShared(alg: string, members: Jwk = {}): Jwk {
  return { kty: 'oct', kid: 'shared', alg, k: randomBytes(32).toString('base64url'), ...members };
}

/** Every combination of `alg` and curve that is on the allow-list, beside `dir`. */
export const ALGORITHMS: readonly (readonly [
  alg: string,
  curve: AgreementCurve | '',
  generate: () => JwkPair,
])[] = [
  ...(['A256KW', 'A256GCMKW'] as const).map((alg) => [alg, '', () => sharedPair(alg)] as const),
  ['RSA-OAEP-256', '', () => generateRecipient('RSA-OAEP-256')],
  ...(['ECDH-ES', 'ECDH-ES+A256KW'] as const).flatMap((alg) =>
    (['P-256', 'P-384', 'X25519'] as const).map(
      (curve) => [alg, curve, () => generateRecipient(alg, {}, curve)] as const,
    ),
  ),
];

function sharedPair(alg: string): JwkPair {
  const jwk = generateShared(alg);
  return { privateJwk: jwk, publicJwk: jwk };
}
