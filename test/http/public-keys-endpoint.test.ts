import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { createDecryptionKeys, createKeyRing, type KeyPublisher, publicKeysEndpoint } from 'passport-jwe';
import request from 'supertest';
import { generateOkp, generateRecipient, generateRsa, generateShared } from '../support/key-pairs.js';

const PATH = '/.well-known/jwks.json';
const rsa = generateRsa({ kid: 'rsa' });
const x25519 = generateOkp('x25519', { kid: 'x25519' });

const decryption = await createDecryptionKeys([
  { jwk: rsa.privateJwk, alg: 'RSA-OAEP-256' },
  { jwk: x25519.privateJwk },
  { jwk: generateShared('A256GCM') },
]);

function createApp(...publishers: readonly KeyPublisher[]) {
  return express()
    .use(publicKeysEndpoint(...publishers))
    .use((_req, res) => void res.status(418).end());
}

describe('publicKeysEndpoint', () => {
  test('serves the public halves of decryption keys as a JWK Set', async () => {
    const response = await request(createApp(decryption)).get(PATH);

    expect(response.status).toBe(200);
    expect(response.get('Content-Type')).toMatch(/^application\/jwk-set\+json/);
    expect(response.get('Cache-Control')).toBe('public, max-age=300');
    expect(response.body).toEqual({
      keys: [
        { ...rsa.publicJwk, use: 'enc', alg: 'RSA-OAEP-256' },
        { ...x25519.publicJwk, use: 'enc' },
      ],
    });
  });

  test('serves the keys of all publishers', async () => {
    const jwk = generateRecipient('ECDH-ES', { kid: 'ring' }).privateJwk;
    const keyRing = await createKeyRing({ current: { jwk } });
    const response = await request(createApp(decryption, keyRing)).get(PATH);

    expect(response.body.keys).toMatchObject([{ kid: 'rsa' }, { kid: 'x25519' }, { kid: 'ring' }]);
  });

  test('answers HEAD, and leaves other methods and paths to the application', async () => {
    const app = createApp(decryption);

    expect((await request(app).head(PATH)).status).toBe(200);
    expect((await request(app).post(PATH)).status).toBe(418);
    expect((await request(app).get(`${PATH}/other`)).status).toBe(418);
  });
});
