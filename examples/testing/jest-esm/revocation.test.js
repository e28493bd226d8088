import { createMemoryStores, createRevocations } from 'passport-jwe';
import { createTestKeyRing, mintToken, TEST_AUDIENCE, TEST_ISSUER } from 'passport-jwe/testing';
import request from 'supertest';
import { createApp } from './app.js';

const revocations = createRevocations({ stores: createMemoryStores() });
const auth = { keyRing: createTestKeyRing(), issuer: TEST_ISSUER, audience: TEST_AUDIENCE };
const app = createApp({ ...auth, revocations });

test('a token of a revoked session is rejected', async () => {
  const token = await mintToken({ scope: 'read:documents', sessionId: 's1' });
  const getDocuments = () => request(app).get('/documents').auth(token, { type: 'bearer' });
  await getDocuments().expect(200);
  await revocations.revoke({ kind: 'session', clientId: TEST_ISSUER, sessionId: 's1' });

  await getDocuments().expect(401);
});
