import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import passport from 'passport';
import {
  authenticate,
  createRequestVerifier,
  createTokenIssuer,
  createTokenVerifier,
  JweStrategy,
} from 'passport-jwe';
import { rejectionOf } from '../support/caught.js';
import { createSelfSigned } from '../support/client-certificates.js';
import { startTlsServer, type TlsServer } from '../support/mutual-tls-app.js';
import { AUDIENCE, clock, createRing, ISSUER } from '../support/tokens.js';

const holder = createSelfSigned({ subject: '/CN=holder' });
const thief = createSelfSigned({ subject: '/CN=thief' });

const keyRing = await createRing();
const service = { keyRing, issuer: ISSUER, audience: AUDIENCE, clock };
const mutualTls = { certificate: 'socket' } as const;
const issuer = createTokenIssuer(service);

const mint = async (confirmation?: object): Promise<string> =>
  (await issuer.issue({ subject: 'alice', ...(confirmation && { confirmation }) })).token;
const bound = await mint({ 'x5t#S256': holder.thumbprint });
const unbound = await mint();

let server: TlsServer;

beforeAll(async () => {
  const verify = createRequestVerifier({ ...service, mutualTls });
  const strategy = new passport.Passport().use(new JweStrategy({ ...service, mutualTls }));
  const app = express();
  app.get('/middleware', authenticate({ ...service, mutualTls }), (_req, res) => void res.json({}));
  app.get('/strategy', strategy.authenticate('jwe', { session: false }), (_req, res) => void res.json({}));
  app.get('/verifier', (req: IncomingMessage, res: express.Response) => {
    verify(req).then(
      () => res.json({}),
      (error) => res.status(error.status).set(error.headers).json({}),
    );
  });
  app.get('/ignorant', authenticate(service), (_req, res) => void res.json({}));
  server = await startTlsServer(app);
});

afterAll(() => server.close());

describe.each(['/middleware', '/strategy', '/verifier'])('%s', (path) => {
  test('accepts a bound token only with its certificate', async () => {
    const answers = await Promise.all(
      [holder, thief, undefined].map((certificate) => server.call(path, { certificate, token: bound })),
    );

    expect(answers.map(({ status }) => status)).toEqual([200, 401, 401]);
    expect(answers[1]?.headers['www-authenticate']).toMatch(/^Bearer .*error="invalid_token"/);
  });

  test('accepts an unbound token with any certificate', async () => {
    const answers = await Promise.all(
      [holder, undefined].map((certificate) => server.call(path, { certificate, token: unbound })),
    );

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  test('rejects a token that is also bound to a key, without a proof', async () => {
    const jkt = createHash('sha256').update('key').digest('base64url');
    const token = await mint({ 'x5t#S256': holder.thumbprint, jkt });

    expect((await server.call(path, { certificate: holder, token })).status).toBe(401);
  });
});

test('without mutualTls, bound tokens are rejected', async () => {
  expect((await server.call('/ignorant', { certificate: holder, token: bound })).status).toBe(401);
  expect(await rejectionOf(createTokenVerifier(service).verify(bound))).toMatchObject({
    reason: 'key_bound',
  });
});

test('a malformed option is an error that names the function', () => {
  const options = { ...service, mutualTls: { certificate: 'nginx', proxies: ['0.0.0.0/0'] } } as const;

  expect(() => authenticate(options)).toThrow('authenticate: mutualTls.proxies must be');
  expect(() => createRequestVerifier(options)).toThrow('createRequestVerifier: mutualTls.proxies must be');
  expect(() => new JweStrategy(options)).toThrow('JweStrategy: mutualTls.proxies must be');
});
