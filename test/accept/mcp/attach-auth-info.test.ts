import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import { authenticate, type KeyRing } from 'passport-jwe';
import { attachAuthInfo, toAuthInfo } from 'passport-jwe/mcp';
import request from 'supertest';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../../support/tokens.js';

let keyRing: KeyRing;
let seen: unknown;

beforeAll(async () => {
  keyRing = await createRing();
});

const forge: RequestHandler = (req, _res, next) => {
  Object.assign(req, { auth: { token: 'forged', clientId: 'root', scopes: ['admin'] } });
  next();
};

/** Sends a token, and keeps what the handler sees in `req.auth`. */
async function send(token: string | undefined, handlers: readonly RequestHandler[] = [attachAuthInfo()]) {
  seen = undefined;
  const app = express();
  app.set('env', 'test');
  const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, clock };
  app.use(forge, authenticate({ ...options, credentialsRequired: false }), ...handlers);
  app.use((req, res) => {
    seen = Reflect.get(req, 'auth');
    res.status(204).end();
  });
  const sent = request(app).post('/');
  return token === undefined ? sent : sent.auth(token, { type: 'bearer' });
}

describe('attachAuthInfo', () => {
  test('sets req.auth to the verified token, and replaces the value of another middleware', async () => {
    const claims = { sub: 'alice', client_id: 'editor', scope: 'notes:read notes:write' };
    const token = mintToken(keyRing, { claims });
    await send(token);

    expect(seen).toEqual({
      token,
      clientId: 'editor',
      scopes: ['notes:read', 'notes:write'],
      expiresAt: expect.any(Number),
      resource: new URL(AUDIENCE),
      extra: { type: 'tiered_model_exec', claims: expect.objectContaining(claims) },
    });
  });

  test('reports the time at which the token expires', async () => {
    await send(mintToken(keyRing, { claims: { exp: NOW + 77 } }));

    expect(seen).toMatchObject({ expiresAt: NOW + 77 });
  });

  test('rejects anonymous requests, so that no handler sees a req.auth of another middleware', async () => {
    expect((await send(undefined)).status).toBe(401);
    expect(seen).toBeUndefined();
  });
});

describe('toAuthInfo', () => {
  test('returns what attachAuthInfo() sets', async () => {
    let returned: unknown;
    const keep: RequestHandler = (req, _res, next) => {
      returned = toAuthInfo(req);
      next();
    };
    await send(mintToken(keyRing), [attachAuthInfo(), keep]);

    expect(returned).toEqual(seen);
  });

  test('throws for anonymous requests', async () => {
    const handler: RequestHandler = (req, res) => void res.json(toAuthInfo(req));

    expect((await send(undefined, [handler])).status).toBe(401);
  });
});
