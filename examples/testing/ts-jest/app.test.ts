import {
  createTestClock,
  createTestKeyRing,
  mintToken,
  TEST_AUDIENCE,
  TEST_ISSUER,
} from 'passport-jwe/testing';
import request from 'supertest';
import { type AppClaims, createApp } from './app';

const clock = createTestClock();
const app = createApp({ keyRing: createTestKeyRing(), issuer: TEST_ISSUER, audience: TEST_AUDIENCE, clock });
const claims: AppClaims = { tenant: 'acme' };

function getDocuments(token: string) {
  return request(app).get('/documents').auth(token, { type: 'bearer' });
}

test('a user sees the documents of the tenant', async () => {
  const token = await mintToken<AppClaims>({ clock, scope: 'read:documents', claims });
  const { body } = await getDocuments(token).expect(200);

  expect(body).toEqual({ owner: 'test-user', tenant: 'acme' });
});

test('a token without the scope is rejected', async () => {
  await getDocuments(await mintToken<AppClaims>({ clock, claims })).expect(403);
});

test('an expired token is rejected', async () => {
  const token = await mintToken<AppClaims>({ clock, scope: 'read:documents', lifetime: '5m', claims });
  clock.advance('6m');

  await getDocuments(token).expect(401);
});
