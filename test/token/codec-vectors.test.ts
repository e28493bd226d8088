import { createPrivateKey, createPublicKey, createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Jwk } from '../../src/keys/jwk.js';
import { isVerificationAlgorithm } from '../../src/keys/verification-algorithms.js';
import { decryptJwe } from '../../src/token/decrypt-jwe.js';
import type { UnwrappingKey } from '../../src/token/unwrap-key.js';
import { verifySignature } from '../../src/token/verify-signature.js';
import { readParts } from '../support/codec-cases.js';
import { failuresOf } from '../support/failures-of.js';

interface JweVector {
  readonly name: string;
  readonly key: Jwk;
  readonly compact: string;
  readonly plaintext: string;
}

interface JwsVector {
  readonly name: string;
  readonly alg: string;
  readonly key: Jwk;
  readonly compact: string;
}

/** RFC 7516 appendix A, RFC 7520 and the cookbook for Curve25519. */
const VECTORS: { readonly jwe: readonly JweVector[]; readonly jws: readonly JwsVector[] } = JSON.parse(
  readFileSync(new URL('../support/codec-vectors.json', import.meta.url), 'utf8'),
);

function importKey(jwk: Jwk): UnwrappingKey {
  if (jwk['kty'] === 'oct') {
    return { type: 'secret', secret: createSecretKey(Buffer.from(String(jwk['k']), 'base64url')) };
  }
  const privateKey = createPrivateKey({ key: { ...jwk }, format: 'jwk' });
  const curve = (['P-256', 'P-384', 'P-521', 'X25519'] as const).find((each) => each === jwk['crv']);
  return curve === undefined ? { type: 'RSA', privateKey } : { type: 'agreement', privateKey, curve };
}

function verify(
  { alg, key, compact }: JwsVector,
  alter: (bytes: Buffer) => Buffer = (bytes) => bytes,
): boolean {
  if (!isVerificationAlgorithm(alg)) throw new Error('No such algorithm');
  const end = compact.lastIndexOf('.');
  const publicKey = createPublicKey({ key: { ...key }, format: 'jwk' });
  const signature = Buffer.from(compact.slice(end + 1), 'base64url');
  return verifySignature(alter(Buffer.from(compact.slice(0, end))), signature, {
    kid: 'any',
    alg,
    publicKey,
  });
}

test('the encrypted examples are decrypted', async () => {
  const failures = await failuresOf(VECTORS.jwe, ({ key, compact, plaintext }) => {
    expect(decryptJwe(readParts(compact, importKey(key))).toString()).toBe(plaintext);
  });
  expect(failures).toEqual([]);
  expect(VECTORS.jwe).toHaveLength(10);
});

test('the signed examples are verified, and rejected with another signing input', async () => {
  const failures = await failuresOf(VECTORS.jws, (vector) => {
    expect(verify(vector)).toBe(true);
    expect(verify(vector, (bytes) => bytes.subarray(1))).toBe(false);
  });
  expect(failures).toEqual([]);
  expect(VECTORS.jws).toHaveLength(5);
});
