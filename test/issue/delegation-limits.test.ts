import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { authenticate, createLimits, createMemoryStores, limitRequests } from 'passport-jwe';
import request from 'supertest';
import { loadFiles } from '../support/api-key-files.js';
import { createDelegationApp, REPORTS } from '../support/delegation-app.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';

/** A key whose users may send one request a minute, and that may exchange tokens of itself and of another key. */
const keyFile = (keyId: string) =>
  [
    `api_key: sk-${keyId}`,
    `key_id: ${keyId}`,
    `name: ${keyId}`,
    'type: api_call',
    'rate_limits: { requests_per_minute: 100, per_user: { requests_per_minute: 1 } }',
    'users: true',
    'permissions: [read]',
    `delegation: { subjects: [app, relay], audiences: [${REPORTS}] }`,
    '',
  ].join('\n');

const FILES = { 'app.yaml': keyFile('app'), 'relay.yaml': keyFile('relay') };

/** The API keys obtain tokens, and a resource server with limits accepts them. */
async function setUp({ hasApiKeys = true } = {}) {
  const { apiKeys } = await loadFiles(FILES);
  const byId = new Map(apiKeys.map((apiKey) => [apiKey.keyId, apiKey]));
  const issuing = await createDelegationApp(FILES);
  const limits = createLimits({
    stores: createMemoryStores({ clock }),
    ...(hasApiKeys ? { apiKeys: { get: (keyId: string) => byId.get(keyId) } } : {}),
    clock,
  });
  const resource = express();
  const audience = [AUDIENCE, REPORTS];
  resource.use(authenticate({ keyRing: await createRing(), issuer: ISSUER, audience, clock }));
  resource.get('/', limitRequests({ limits }), (_req, res) => void res.json({}));

  return {
    obtain: (user: string) => issuing.obtain('app', { user }),
    exchange: async (clientId: string, token: string) => (await issuing.exchange(clientId, token)).token,
    use: (token: string) => request(resource).get('/').auth(token, { type: 'bearer' }),
  };
}

describe('the per_user limit of an API key', () => {
  test('applies to a user whose token the key exchanges for itself', async () => {
    const { obtain, exchange, use } = await setUp();
    const alice = await obtain('alice');
    const delegated = await exchange('app', alice);
    expect((await use(alice)).status).toBe(200);
    const rejected = await use(delegated);

    expect(rejected.status).toBe(429);
    expect(rejected.body['violated-policies']).toEqual(['subject_user_requests_per_minute']);
  });

  test.each([
    ['the key exchanges for itself', ['app']],
    ['another key exchanges', ['relay']],
    ['comes back through another key', ['relay', 'app']],
  ])('applies without configured API keys to a user whose token %s', async (_name, clientIds) => {
    const { obtain, exchange, use } = await setUp({ hasApiKeys: false });
    const alice = await obtain('alice');
    let delegated = alice;
    for (const clientId of clientIds) delegated = await exchange(clientId, delegated);

    expect((await use(alice)).status).toBe(200);
    expect((await use(delegated)).status).toBe(429);
  });

  test('applies to a user whose token returns to the key through another key', async () => {
    const { obtain, exchange, use } = await setUp();
    const returned = await exchange('app', await exchange('relay', await obtain('alice')));
    expect((await use(returned)).status).toBe(200);
    const rejected = await use(returned);

    expect(rejected.status).toBe(429);
    expect(rejected.body['violated-policies']).toEqual(['subject_user_requests_per_minute']);
  });

  test('does not affect the limits of other users of the key', async () => {
    const { obtain, exchange, use } = await setUp();
    const [alice, bob] = [await obtain('alice'), await obtain('bob')];
    expect((await use(await exchange('app', alice))).status).toBe(200);

    expect((await use(await exchange('app', bob))).status).toBe(200);
  });

  test('does not rename the limits of the key itself', async () => {
    const { obtain, exchange, use } = await setUp();
    const { headers } = await use(await exchange('app', await obtain('alice')));
    const names = [...String(headers['ratelimit-policy']).matchAll(/(?:^|, )"(\w+)"/g)].map(
      ([, name]) => name,
    );

    expect(names).toEqual([
      'requests_per_minute',
      'requests_per_hour',
      'tokens_per_minute',
      'subject_user_requests_per_minute',
    ]);
  });
});
