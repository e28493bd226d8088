import { expect, jest, test } from '@jest/globals';
import express from 'express';
import { createMemoryStores, type TokenRouterOptions, tokenRouter } from 'passport-jwe';
import request from 'supertest';
import { loadFiles } from '../support/api-key-files.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';

const KEY = 'name: Key\ntype: api_call\nrate_limits: {}\npermissions: [read, write]\n';
const SERVICE = 'https://service.example.com';
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

const keyRing = await createRing();
const apiKeys = await loadFiles({
  'default.yaml':
    `api_key: sk-default\nkey_id: default\n${KEY}service_audiences: [${SERVICE}]\n` +
    'delegation: { subjects: [default], audiences: [https://reports.example.com] }\n',
  'off.yaml': `api_key: sk-off\nkey_id: off\n${KEY}refresh_tokens: "off"\n`,
  'narrow.yaml': `api_key: sk-narrow\nkey_id: narrow\n${KEY}surplus_scopes: narrow\n`,
  'reject.yaml': `api_key: sk-reject\nkey_id: reject\n${KEY}surplus_scopes: reject\n`,
});

const NARROW = { surplusScopes: 'narrow' } as const;
const INVALID_SCOPE = { status: 400, body: { error: 'invalid_scope' } };

function createApp(options: Partial<TokenRouterOptions> = {}) {
  const router = { keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys, clock };
  return express().use(tokenRouter({ ...router, stores: createMemoryStores({ clock }), ...options }));
}

const ask = (parameters: Record<string, string>, apiKey = 'sk-default', app = createApp(NARROW)) =>
  request(app)
    .post('/token')
    .type('form')
    .set('X-API-Key', apiKey)
    .send({ grant_type: 'client_credentials', ...parameters });

test('surplus scope tokens are rejected by default (RFC 6749 §5.2)', async () => {
  expect(await ask({ scope: 'read admin' }, 'sk-default', createApp())).toMatchObject(INVALID_SCOPE);
});

test('surplus scope tokens are ignored with narrow, and the response names the granted scope (RFC 6749 §3.3)', async () => {
  expect(await ask({ scope: 'admin read x' })).toMatchObject({ status: 200, body: { scope: 'read' } });
});

test('a request without scope grants everything that the key may have, and the response names it', async () => {
  expect(await ask({})).toMatchObject({ status: 200, body: { scope: 'read write' } });
});

test.each(['admin', 'admin x', 'a"b'])(
  'a scope without any available scope token is rejected with narrow: %j',
  async (scope) => {
    expect(await ask({ scope })).toMatchObject(INVALID_SCOPE);
  },
);

test('surplus_scopes of the key takes precedence over the option of the router', async () => {
  expect((await ask({ scope: 'read admin' }, 'sk-narrow', createApp())).body.scope).toBe('read');
  expect(await ask({ scope: 'read admin' }, 'sk-reject')).toMatchObject(INVALID_SCOPE);
});

test.each([
  ['the key has no refresh tokens', { scope: 'read offline_access' }, 'sk-off'],
  ['the token is a service token', { scope: 'read offline_access', audience: SERVICE }, 'sk-default'],
])('offline_access is ignored with narrow if %s', async (_name, parameters, apiKey) => {
  const { status, body } = await ask(parameters, apiKey);

  expect({ status, scope: body.scope, refresh: body.refresh_token }).toEqual({ status: 200, scope: 'read' });
  expect(await ask(parameters, apiKey, createApp())).toMatchObject(INVALID_SCOPE);
});

test('offline_access is ignored with narrow if the router has no stores', async () => {
  const app = express().use(
    tokenRouter({ ...{ keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys, clock }, ...NARROW }),
  );

  expect((await ask({ scope: 'read offline_access' }, 'sk-default', app)).body.scope).toBe('read');
});

test('offline_access still grants a refresh token with narrow, and refreshes are narrowed (RFC 6749 §6)', async () => {
  const app = createApp(NARROW);
  const scope = 'read admin offline_access';
  const { body } = await ask({ scope }, 'sk-default', app);
  const again = { grant_type: 'refresh_token', refresh_token: body.refresh_token, scope: `${scope} write` };

  expect(body.scope).toBe('read offline_access');
  expect((await ask(again, 'sk-default', app)).body.scope).toBe('read offline_access');
});

test('a token exchange is narrowed to the scope that all parties have (RFC 8693 §2.2.1)', async () => {
  const subject = (await ask({ scope: 'read' })).body.access_token;
  const exchange = {
    ...{ grant_type: TOKEN_EXCHANGE, subject_token: subject, subject_token_type: ACCESS_TOKEN },
    scope: 'read write offline_access',
  };

  expect(await ask(exchange)).toMatchObject({ status: 200, body: { scope: 'read' } });
  expect(await ask(exchange, 'sk-default', createApp())).toMatchObject(INVALID_SCOPE);
});

test('a long requested scope is stored as its digest, and a repeated refresh is still recognized', async () => {
  const stores = createMemoryStores({ clock });
  const app = createApp({ ...NARROW, stores });
  const { body } = await ask({ scope: 'read offline_access' }, 'sk-default', app);
  const replace = jest.spyOn(stores.families, 'replace');
  const refresh = (surplus: string) =>
    ask(
      { grant_type: 'refresh_token', refresh_token: body.refresh_token, scope: `read ${surplus}` },
      'sk-default',
      app,
    );
  const first = await refresh('x'.repeat(9000));
  const repeated = await refresh('x'.repeat(9000));
  const other = await refresh('y'.repeat(9000));

  expect([first.status, repeated.status, other.status]).toEqual([200, 200, 400]);
  expect(JSON.stringify(replace.mock.calls).length).toBeLessThan(4096);
});
