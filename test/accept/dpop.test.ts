import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import {
  type AuthenticateOptions,
  authenticate,
  createAuditTrail,
  createMemoryStores,
  createRequestVerifier,
  type KeyRing,
  verifiedToken,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import request from 'supertest';
import {
  createProof,
  createProofSigner,
  type ProofOptions,
  type ProofSigner,
} from '../support/dpop-proofs.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';

let keyRing: KeyRing;
let signer: ProofSigner;
let bound: string;
let unbound: string;

beforeAll(async () => {
  keyRing = await createRing();
  signer = createProofSigner();
  bound = mintToken(keyRing, { claims: { cnf: { jkt: signer.jkt } } });
  unbound = mintToken(keyRing);
});

function createApp(dpop: Partial<AuthenticateOptions['dpop']> = {}): Express {
  const app = express();
  app.set('env', 'test');
  const options = { mode: 'allow', baseUrl: AUDIENCE, ...dpop } as const;
  app.use(authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock, dpop: options }));
  app.all('/', (req, res) => void res.json({ sub: verifiedToken(req).claims.sub }));
  return app;
}

function call(app: Express, token: string, options: ProofOptions = {}) {
  const proof = createProof(signer, { token, ...options });
  return request(app).get('/').set('Authorization', `DPoP ${token}`).set('DPoP', proof);
}

/** A request as a server receives it before an upgrade. */
function requestWith(token: string, proof: string): IncomingMessage {
  const req = new IncomingMessage(new Socket());
  return Object.assign(req, {
    method: 'GET',
    url: '/',
    headers: { authorization: `DPoP ${token}`, dpop: proof },
  });
}

describe('authenticate with dpop', () => {
  test('accepts a bound token with a proof', async () => {
    const response = await call(createApp(), bound);

    expect(response.status).toBe(200);
    expect(response.body).toEqual({ sub: 'demo' });
  });

  test('accepts an unbound token as bearer token', async () => {
    const response = await request(createApp()).get('/').set('Authorization', `Bearer ${unbound}`);

    expect(response.status).toBe(200);
  });

  test('rejects a bound token as bearer token, and offers DPoP', async () => {
    const response = await request(createApp()).get('/').set('Authorization', `Bearer ${bound}`);

    expect(response.status).toBe(401);
    expect(response.headers['www-authenticate']).toBe(
      'Bearer realm="api", error="invalid_token", error_description="The access token is not valid", ' +
        'DPoP realm="api", algs="ES256 EdDSA Ed25519 PS256 RS256 ES384 ES512"',
    );
  });

  test('rejects a proof that was used before', async () => {
    const app = createApp();
    const claims = { jti: 'once' };

    expect((await call(app, bound, { claims })).status).toBe(200);
    const { status, headers } = await call(app, bound, { claims });

    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(/^DPoP realm="api", error="invalid_dpop_proof"/);
  });

  test('counts one request as one use, if several verifiers check it', async () => {
    const app = express();
    const replay = { stores: createMemoryStores({ clock }) };
    const dpop = { mode: 'allow', baseUrl: AUDIENCE, replay } as const;
    const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, clock, dpop };
    app.use(authenticate(options), authenticate(options));
    app.get('/', (req, res) => void res.json({ sub: verifiedToken(req).claims.sub }));

    expect((await call(app, bound)).status).toBe(200);
  });

  test('accepts the proof of a long connection again, but no other request with it', async () => {
    let now = NOW;
    const dpop = { mode: 'allow', baseUrl: AUDIENCE } as const;
    const verify = createRequestVerifier({
      keyRing,
      issuer: ISSUER,
      audience: AUDIENCE,
      clock: () => now,
      dpop,
    });
    const connection = requestWith(bound, createProof(signer, { token: bound }));

    await verify(connection);
    now += 300;
    await expect(verify(connection)).resolves.toMatchObject({ claims: { sub: 'demo' } });
    await expect(verify(requestWith(bound, String(connection.headers['dpop'])))).rejects.toThrow('too old');
  });

  test('sends a nonce, and accepts the proof that contains it', async () => {
    const app = createApp({ nonce: true });
    const { status, headers } = await call(app, bound);

    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(/^DPoP realm="api", error="use_dpop_nonce"/);
    expect(headers['access-control-expose-headers']).toBe('DPoP-Nonce');
    const nonce = headers['dpop-nonce'];
    const second = await call(app, bound, { claims: { nonce } });
    expect(second.status).toBe(200);
    expect(second.headers).not.toHaveProperty('dpop-nonce');
  });

  test('records rejected proofs in the audit log, and no challenges with a nonce', async () => {
    const records: AuditRecord[] = [];
    const write = (record: AuditRecord) => void records.push(record);
    const audit = createAuditTrail({ sinks: [{ unaggregated: true, write }], clock });
    const app = express().set('env', 'test');
    const dpop = { mode: 'allow', baseUrl: AUDIENCE, nonce: true } as const;
    app.use(authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock, audit, dpop }));
    await call(app, bound);
    await request(app).get('/').set('Authorization', `DPoP ${bound}`);

    expect(records).toMatchObject([
      { type: 'token.refused', code: 'ERR_INVALID_DPOP_PROOF', reason: 'proof_missing' },
    ]);
  });

  test('rejects bearer tokens if DPoP is required', async () => {
    const app = createApp({ mode: 'require' });

    const { status, headers } = await request(app).get('/').set('Authorization', `Bearer ${unbound}`);

    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(/^DPoP realm="api", error="invalid_token"/);
    expect((await call(app, bound)).status).toBe(200);
  });
});
