import { beforeEach, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import { type TokenRouterOptions, tokenRouter } from 'passport-jwe';
import request from 'supertest';
import { loadFile, loadFiles, MINIMAL_FILE } from '../support/api-key-files.js';
import { AUDIENCE, createRing, ISSUER, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const keyRing = await createRing();
const apiKeys = await loadFiles({ 'key.yaml': MINIMAL_FILE });
const { keyId } = await loadFile(MINIMAL_FILE);

let now = NOW;
let app: Express;

function createApp(options: Partial<TokenRouterOptions> = {}): Express {
  const router = tokenRouter({
    keyRing,
    issuer: ISSUER,
    audience: AUDIENCE,
    apiKeys,
    clock: () => now,
    ...options,
  });
  return express().set('trust proxy', true).use('/oauth', router);
}

beforeEach(() => {
  now = NOW;
  app = createApp({ throttle: { failuresPerMinute: 3 } });
});

const exchange = (secret: string | undefined, address = '192.0.2.7', path = '/oauth/token') => {
  const sent = request(app).post(path).set('X-Forwarded-For', address).type('form');
  if (secret !== undefined) sent.auth(keyId, secret);
  return sent.send({ grant_type: 'client_credentials', token: 'x' });
};

async function fail(times: number, address?: string): Promise<void> {
  for (let count = 0; count < times; count += 1) expect((await exchange('wrong', address)).status).toBe(401);
}

describe('an address that fails to authenticate', () => {
  test('too often is rejected, even with the right key, with Retry-After', async () => {
    await fail(3);
    const answer = await exchange('k-minimal');

    expect(answer.status).toBe(429);
    expect(answer.headers).toMatchObject({
      'retry-after': '20',
      'cache-control': 'no-store',
      ratelimit: '"failed_authentications";r=0;t=20',
      'ratelimit-policy': '"failed_authentications";q=3;w=60;qu="requests"',
    });
    expect(answer.body.error).toBe('rate_limit_exceeded');
  });

  test('uses up one failure for a secret that HTTP Basic can contain in two forms (RFC 6749 §2.3.1)', async () => {
    for (const secret of ['a+b', 'c%20d', 'e+f']) expect((await exchange(secret)).status).toBe(401);

    expect((await exchange('a+b')).status).toBe(429);
  });

  test('may try again after that time', async () => {
    await fail(3);
    now = NOW + 20;

    expect((await exchange('k-minimal')).status).toBe(200);
  });

  test('is rejected by every endpoint that accepts API keys', async () => {
    await fail(3);

    expect((await exchange('k-minimal', undefined, '/oauth/introspect')).status).toBe(429);
  });

  test('does not affect others; an IPv6 prefix counts as one address, a mapped IPv4 address as itself', async () => {
    await fail(3, '2001:db8:1:200::1');
    await fail(3, '::ffff:192.0.2.7');

    expect((await exchange('k-minimal', '2001:db8:1:2ff::2')).status).toBe(429);
    expect((await exchange('k-minimal', '2001:db8:1:300::2')).status).toBe(200);
    expect((await exchange('k-minimal', '192.0.2.7')).status).toBe(429);
    expect((await exchange('k-minimal', '192.0.2.8')).status).toBe(200);
  });

  test('does not count requests that succeed, are malformed or have no key', async () => {
    for (const _ of [1, 2, 3, 4]) {
      expect((await exchange('k-minimal')).status).toBe(200);
      expect((await exchange(undefined)).status).toBe(401);
      expect((await request(app).post('/oauth/token').type('xml').send('<a/>')).status).toBe(415);
    }
    expect((await exchange('k-minimal')).status).toBe(200);
  });
});

test.each([{ failuresPerMinute: 0 }, { failures: 3 }])('throttle rejects %j', (throttle) => {
  expect(() => createApp(untyped({ throttle }))).toThrow(TypeError);
});
