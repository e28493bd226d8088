import { expect, test } from '@jest/globals';
import express from 'express';
import { createMemoryStores, createRevocations, tokenRouter } from 'passport-jwe';
import request from 'supertest';
import { TemporarilyUnavailableError } from '../../src/base/errors.js';
import { loadFiles, MINIMAL_FILE } from '../support/api-key-files.js';
import { AUDIENCE, createRing, ISSUER } from '../support/tokens.js';

const apiKeys = await loadFiles({ 'key.yaml': MINIMAL_FILE });
const [{ keyId } = { keyId: '' }] = apiKeys.apiKeys;
const fail = () => Promise.reject(new TemporarilyUnavailableError());

/** Stores whose writes fail, and whose revocations are up to date. */
function createFailingStores() {
  const { families, counters, revocations } = createMemoryStores();
  return {
    families: { ...families, insert: fail, replace: fail, find: fail },
    counters: { ...counters, add: fail },
    revocations: { ...revocations, add: fail },
  };
}

/** Statuses of docs/reference/failures.md#during-an-outage-of-the-store. */
const REQUESTS = [
  ['/token', { grant_type: 'client_credentials' }, 200],
  ['/token', { grant_type: 'client_credentials', scope: 'offline_access' }, 503],
] as const;

test('the token router answers requests that need no store during an outage of the store', async () => {
  const stores = createFailingStores();
  const revocations = createRevocations({ stores });
  const keyRing = await createRing();
  const service = { keyRing, issuer: ISSUER, audience: AUDIENCE, apiKeys, revocations };
  const app = express().use(tokenRouter({ ...service, stores }));
  const send = (path: string, form: object) =>
    request(app).post(path).type('form').auth(keyId, 'k-minimal').send(form);
  const statuses: unknown[] = [];
  for (const [path, form] of REQUESTS) statuses.push((await send(path, form)).status);
  const { body } = await send('/token', { grant_type: 'client_credentials' });
  statuses.push((await send('/introspect', { token: body.access_token })).status);
  statuses.push((await send('/revoke', { token: body.access_token })).status);

  expect(statuses).toEqual([...REQUESTS.map(([, , status]) => status), 200, 503]);
});
