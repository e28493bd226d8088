import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose';
import { createSigningKey } from 'passport-jwe';
import { createProofSigner, type ProvenRequest } from '../../src/client/proof-signer.js';
import { generateClientKey } from '../support/client-keys.js';
import { NOW } from '../support/tokens.js';

const key = await createSigningKey({ jwk: generateClientKey('dpop-1').privateJwk });
const url = new URL('https://api.example.com/a%20b/c?q=1#top');
const request: ProvenRequest = { method: 'POST', url };

async function readClaims(proof: string): Promise<JWTPayload> {
  const { payload } = await jwtVerify(proof, EmbeddedJWK, { currentDate: new Date(NOW * 1000) });
  return payload;
}

function responseWith(nonce: string): Response {
  return new Response(null, { headers: { 'DPoP-Nonce': nonce } });
}

describe('a DPoP proof', () => {
  test('names the method, and the URL without query and fragment (RFC 9449 §4.2)', async () => {
    const claims = await readClaims(await createProofSigner(key, () => NOW + 0.9).sign(request));

    const htu = 'https://api.example.com/a%20b/c';
    expect(claims).toEqual({ htm: 'POST', htu, iat: NOW, jti: expect.any(String) });
  });

  test('has a header with only the public members of the key (RFC 9449 §4.2)', async () => {
    const proof = await createProofSigner(key, () => NOW).sign(request);
    const { kty, crv, x, y } = key.publicKey.export({ format: 'jwk' });

    expect(decodeProtectedHeader(proof)).toEqual({ typ: 'dpop+jwt', alg: 'ES256', jwk: { kty, crv, x, y } });
  });

  test('contains the hash of the access token (RFC 9449 §4.2)', async () => {
    const proof = await createProofSigner(key, () => NOW).sign({ ...request, accessToken: 'token' });

    const ath = createHash('sha256').update('token').digest('base64url');
    expect(await readClaims(proof)).toMatchObject({ ath });
  });

  test('has a new jti', async () => {
    const signer = createProofSigner(key, () => NOW);
    const proofs = [await signer.sign(request), await signer.sign(request)];
    const ids = (await Promise.all(proofs.map(readClaims))).map(({ jti }) => jti);

    expect(new Set(ids).size).toBe(2);
  });

  test('contains the latest nonce of its origin only (RFC 9449 §8.2)', async () => {
    const signer = createProofSigner(key, () => NOW);
    signer.remember(url, responseWith('old'));
    signer.remember(new URL('/other', url), responseWith('new'));
    const nonceFor = async (target: string) =>
      (await readClaims(await signer.sign({ method: 'GET', url: new URL(target) })))['nonce'];

    expect(await nonceFor('https://api.example.com/')).toBe('new');
    expect(await nonceFor('https://api.example.com:444/')).toBeUndefined();
  });

  test('contains no malformed nonce (RFC 9449 §8.1)', async () => {
    const signer = createProofSigner(key, () => NOW);
    const remembered = ['', 'a b', 'a"b', 'a\\b', 'x'.repeat(1025)].filter((nonce) =>
      signer.remember(url, responseWith(nonce)),
    );

    expect(remembered).toEqual([]);
    expect(await readClaims(await signer.sign(request))).not.toHaveProperty('nonce');
  });
});
