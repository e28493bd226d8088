import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import express from 'express';
import {
  admissionOf,
  authenticate,
  bearerErrors,
  createKeyRing,
  createLimits,
  createMemoryStores,
  createTokenIssuer,
  JweStrategy,
  limitRequests,
  requireEndpoint,
  requireModel,
  requireProof,
  requireScope,
  requireType,
  verifiedToken,
} from 'passport-jwe';
import { authenticate as authenticateByAccept } from 'passport-jwe/accept';
import { createTokenIssuer as issuerByIssue } from 'passport-jwe/issue';

const issuer = 'https://auth.example.com';
const audience = 'https://api.example.com';
const keyRing = await createKeyRing({ current: { secret: randomBytes(32) } });
const options = { keyRing, issuer, audience };

new JweStrategy(options, (token, done) => done(null, { id: token.claims.sub }));
new JweStrategy({ ...options, passReqToCallback: true }, async (req, token) => ({
  path: req.path,
  sub: token.claims.sub,
}));

const limits = createLimits({ stores: createMemoryStores() });
const app = express();
const guarded = authenticate(options);

app.get('/reports/:id', guarded, requireScope('read'), requireType('service'), (req, res) => {
  const id: string = req.params.id;
  res.json({ id, sub: verifiedToken(req).claims.sub });
});
app.get('/limited/:id', guarded, limitRequests({ limits, tokens: (req) => req.path.length }), (req, res) => {
  const id: string = req.params.id;
  res.json({ id, admission: typeof admissionOf(req) });
});
app.get('/proven/:id', guarded, requireProof(), requireEndpoint(), (req, res, next) => {
  const id: string = req.params.id;
  if (id === '') next();
  else res.json({ id });
});
app.post(
  '/models/:id',
  guarded,
  requireModel((req) => req.body.model),
  (req, res) => {
    const id: string = req.params.id;
    const models: readonly string[] = verifiedToken(req, 'tiered_model_exec').claims.allowed_models;
    const token = verifiedToken(req);
    if (token.type === 'function_call') res.json(token.claims.allowed_functions);
    // @ts-expect-error a token of any type promises no models
    else res.json([id, models, verifiedToken(req).claims.allowed_models.length]);
  },
);
// @ts-expect-error the path has no such parameter
app.get('/other/:id', guarded, requireScope('read'), (req, res) => res.json(req.params.name));
app.use('/accept', authenticateByAccept({ ...options, failWithError: true }));
app.use(bearerErrors());

const issuers = [createTokenIssuer({ keyRing, issuer }), issuerByIssue({ keyRing, issuer })];
const request = {
  type: 'service',
  subject: 'billing',
  clientId: 'billing',
  audience,
  scope: ['read'],
  lifetime: 60,
  claims: {},
} as const;

const server = app.listen(0, '127.0.0.1', async () => {
  const { port } = server.address() as AddressInfo;
  for (const each of issuers) {
    const { token } = await each.issue(request);
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`http://127.0.0.1:${port}/reports/7`, { headers });
    console.log(answer.status, await answer.text());
  }
  const rejected = await fetch(`http://127.0.0.1:${port}/reports/7`);
  console.log(rejected.status);
  server.close();
  server.closeAllConnections();
});
