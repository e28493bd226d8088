import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { createMemoryStores, createRevocations, tokenRouter } from 'passport-jwe';
import request from 'supertest';
import { loadFiles } from '../../support/api-key-files.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../../support/tokens.js';
import { GITHUB, githubToken, JWT_BEARER, keysOf, signerOf } from '../../support/workload-app.js';

const FILE = `
key_id: billing
api_key: sk-billing
name: Billing
type: api_call
rate_limits: {}
permissions: [read]
surplus_scopes: narrow
workloads: [{ issuer: ${GITHUB}, subject: "repo:acme/billing:environment:*" }]
`;

async function send(path: string, parameters: Readonly<Record<string, string>>) {
  const stores = createMemoryStores({ clock });
  const router = tokenRouter({
    ...{ keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE, stores, clock },
    apiKeys: await loadFiles({ 'billing.yaml': FILE }),
    revocations: createRevocations({ stores, clock }),
    workloadIssuers: [{ issuer: GITHUB, verification: keysOf(signerOf(GITHUB)) }],
  });
  const form = { grant_type: JWT_BEARER, assertion: githubToken(), ...parameters };
  return request(express().use(router)).post(path).type('form').send(form);
}

describe('the JWT of a workload', () => {
  test.each(['/revoke', '/introspect'])('does not authenticate the client at %s', async (path) => {
    const { status, body } = await send(path, { token: 'unknown' });

    expect([status, body.error]).toEqual([401, 'invalid_client']);
  });

  test('narrows the scope if the API key ignores surplus scope tokens', async () => {
    const { status, body } = await send('/token', { scope: 'read admin offline_access' });

    expect([status, body.scope]).toEqual([200, 'read']);
    expect(body).not.toHaveProperty('refresh_token');
  });
});
