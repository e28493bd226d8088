import {
  createTestClock,
  createTestKeyRing,
  mintToken,
  TEST_AUDIENCE,
  TEST_ISSUER,
} from 'passport-jwe/testing';
import request from 'supertest';
import { createApp } from './app.js';

const clock = createTestClock();
const app = createApp({ keyRing: createTestKeyRing(), issuer: TEST_ISSUER, audience: TEST_AUDIENCE, clock });

function getDocuments(token) {
  return request(app).get('/documents').auth(token, { type: 'bearer' });
}

test('a user sees the documents of the tenant', async () => {
  const token = await mintToken({ clock, scope: 'read:documents', claims: { tenant: 'acme' } });
  const { body } = await getDocuments(token).expect(200);

  expect(body).toEqual({ owner: 'test-user', tenant: 'acme' });
});

test('a token without the scope is rejected', async () => {
  await getDocuments(await mintToken({ clock })).expect(403);
});

test('an expired token is rejected', async () => {
  const token = await mintToken({ clock, scope: 'read:documents', lifetime: '5m' });
  clock.advance('6m');

  await getDocuments(token).expect(401);
});
