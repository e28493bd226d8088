import { createDecryptionKeys, type DecryptionKeys } from '../../src/keys/decryption-keys.js';
import { createVerificationKeys, type VerificationKeys } from '../../src/keys/verification-keys.js';
import { generateEc, generateOkp, generateRsa, type JwkPair } from './key-pairs.js';

/** A shared key of a length, from a seed. */
function share(seed: number, bytes: number, kid?: string): JwkPair {
  const k = Buffer.from(Array.from({ length: bytes }, (_, index) => (seed * 37 + index * 11) % 256));
  const jwk = { kty: 'oct', k: k.toString('base64url'), ...(kid === undefined ? {} : { kid }) };
  return { privateJwk: jwk, publicJwk: jwk };
}

/** A key that decrypts, by its kind. */
export type KeyKind = 'RSA' | 'P-256' | 'P-384' | 'P-521' | 'X25519' | 16 | 24 | 32 | 48 | 64;

/** Keys of one kind; each call generates a new pair, and the same shared key for the same seed. */
export function generateKind(kind: KeyKind, seed: number, kid?: string): JwkPair {
  const members = kid === undefined ? {} : { kid };
  if (typeof kind === 'number') return share(seed, kind, kid);
  if (kind === 'RSA') return generateRsa(members);
  return kind === 'X25519' ? generateOkp('x25519', members) : generateEc(kind, members);
}

/** Keys that sign with an algorithm. */
export function generateSignatureKey(alg: string, kid: string): JwkPair {
  const members = { alg, kid };
  if (alg.startsWith('RS') || alg.startsWith('PS')) return generateRsa(members);
  if (alg.startsWith('Ed')) return generateOkp('ed25519', members);
  const curves: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };
  return generateEc(curves[alg] ?? '', members);
}

export function decryptionOf(...keys: readonly JwkPair[]): Promise<DecryptionKeys> {
  return createDecryptionKeys({ jwks: { keys: keys.map(({ privateJwk }) => privateJwk) } });
}

export function verificationOf(...keys: readonly Pick<JwkPair, 'publicJwk'>[]): Promise<VerificationKeys> {
  return createVerificationKeys({ jwks: { keys: keys.map(({ publicJwk }) => publicJwk) } });
}
