import { expect, test } from '@jest/globals';
import express from 'express';
import { createKeyRing, createMemoryStores, generateKeySet, type KeyRing, tokenRouter } from 'passport-jwe';
import request from 'supertest';
import { loadFiles } from '../support/api-key-files.js';

const AUDIENCE = 'https://api.example.com';
const OLD = 'https://old.example.com';
const NEW = 'https://new.example.com';

const YAML = `api_key: sk-live-0123456789abcdef
name: Live
type: api_call
permissions: [read]
rate_limits: {}
`;

const stores = createMemoryStores();

/** Creates an authorization server, whose keys and stores are those of all other servers in this file. */
async function createServer(keyRing: KeyRing, issuer: string, previousIssuers: readonly string[] = []) {
  const apiKeys = await loadFiles({ 'live.yaml': YAML });
  const router = tokenRouter({ keyRing, issuer, previousIssuers, audience: AUDIENCE, apiKeys, stores });
  const app = express().use('/oauth', router);
  return async (endpoint: string, parameters: Readonly<Record<string, string>>) => {
    const { status, body } = await request(app)
      .post(`/oauth/${endpoint}`)
      .set('X-API-Key', 'sk-live-0123456789abcdef')
      .type('form')
      .send(parameters);
    return { status, body };
  };
}

const keys = () => createKeyRing({ current: { jwk: generateKeySet().keys[0] ?? {} } });
const LOGIN = { grant_type: 'client_credentials', scope: 'read offline_access' };

test('tokens of previous issuers remain valid, and new tokens have the new issuer', async () => {
  const keyRing = await keys();
  const old = await (await createServer(keyRing, OLD))('token', LOGIN);
  const post = await createServer(keyRing, NEW, [OLD]);
  const next = await post('token', { grant_type: 'refresh_token', refresh_token: old.body.refresh_token });
  const before = await post('introspect', { token: old.body.access_token });
  const after = await post('introspect', { token: next.body.access_token });

  expect(before.body).toMatchObject({ active: true, iss: OLD });
  expect(after.body).toMatchObject({ active: true, iss: NEW });
});

test('tokens of other issuers are rejected', async () => {
  const keyRing = await keys();
  const { body } = await (await createServer(keyRing, OLD))('token', LOGIN);
  const post = await createServer(keyRing, NEW, ['https://other.example.com']);
  const refreshed = await post('token', { grant_type: 'refresh_token', refresh_token: body.refresh_token });

  expect(refreshed).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  expect((await post('introspect', { token: body.access_token })).body).toEqual({ active: false });
});
