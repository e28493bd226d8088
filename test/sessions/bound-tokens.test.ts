import { beforeEach, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import {
  authenticate,
  createMemoryStores,
  createRevocations,
  createSessions,
  createUserSessions,
  requireProof,
  sessionRouter,
} from 'passport-jwe';
import request from 'supertest';
import { createProof, createProofSigner, type ProofSigner } from '../support/dpop-proofs.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';

let app: Express;
let signer: ProofSigner;
let token: string;

beforeEach(async () => {
  signer = createProofSigner();
  const keyRing = await createRing();
  const stores = createMemoryStores({ clock });
  const revocations = createRevocations({ stores, clock });
  const service = { keyRing, issuer: ISSUER, audience: AUDIENCE, revocations, clock };
  const userSessions = createUserSessions({ ...service, stores });
  const confirmation = { jkt: signer.jkt };
  const started = await userSessions.start({ subject: 'alice', scope: 'manage:sessions', confirmation });
  token = started.accessToken;
  app = express();
  app.use(authenticate({ ...service, dpop: { mode: 'allow', baseUrl: AUDIENCE } }));
  app.use('/sessions', sessionRouter({ sessions: createSessions({ stores, revocations, clock }) }));
  app.get('/admin', requireProof(), (_req, res) => void res.json({}));
});

const get = (path: string, by?: ProofSigner) => {
  const sent = request(app)
    .get(path)
    .set('Authorization', `${by === undefined ? 'Bearer' : 'DPoP'} ${token}`);
  if (by !== undefined) sent.set('DPoP', createProof(by, { token, url: AUDIENCE + path }));
  return sent;
};

describe.each(['/sessions', '/admin'])('a bound token at %s, which requires a proof of issuance,', (path) => {
  test('is accepted with one DPoP proof of its key', async () => {
    expect((await get(path, signer)).status).toBe(200);
  });

  test('is rejected under another key, and as a bearer token', async () => {
    expect((await get(path, createProofSigner())).status).toBe(401);
    expect((await get(path)).status).toBe(401);
  });
});

test('the session router lists the session of a bound token', async () => {
  expect((await get('/sessions', signer)).body.sessions).toMatchObject([{ subject: 'alice', current: true }]);
});
