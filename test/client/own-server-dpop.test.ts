import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import express from 'express';
import {
  authenticate,
  bearerErrors,
  createMemoryStores,
  createRevocations,
  createTokenClient,
  type Revocations,
  type TokenClientOptions,
  tokenRouter,
} from 'passport-jwe';
import { loadFiles } from '../support/api-key-files.js';
import { setUpCommandLine } from '../support/command-line.js';
import { findFreePort } from '../support/processes.js';
import { AUDIENCE, createRing, NOW } from '../support/tokens.js';

const API_KEY = 'api_key: sk-billing\nkey_id: billing\nname: billing\ntype: api_call\nrate_limits: {}\n';

const { run } = setUpCommandLine();

let [now, origin, server]: [number, string, Server] = [NOW, '', createServer()];
let revocations: Revocations;
let statuses: string[] = [];

/** Start an authorization server and an API on one origin, which require proofs with nonces. */
beforeEach(async () => {
  now = NOW;
  statuses = [];
  const port = await findFreePort();
  origin = `http://127.0.0.1:${port}`;
  const clock = () => now;
  const stores = createMemoryStores({ clock });
  revocations = createRevocations({ stores, clock });
  const apiKeys = await loadFiles({ 'billing.yaml': API_KEY });
  const shared = { keyRing: await createRing(), issuer: origin, audience: AUDIENCE, revocations, clock };
  const dpop = { mode: 'require', baseUrl: origin, nonce: true } as const;
  const app = express();
  app.use((req, res, next) => {
    res.on('finish', () => statuses.push(`${req.originalUrl} ${res.statusCode}`));
    next();
  });
  app.use('/oauth', tokenRouter({ ...shared, apiKeys, stores, dpop }));
  app.all('/api/:name', authenticate({ ...shared, dpop }), (req, res) => {
    res.json({ name: req.params['name'] });
  });
  app.use(bearerErrors());
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

const createClient = (options: Partial<TokenClientOptions> = {}) =>
  createTokenClient({
    ...{ tokenEndpoint: `${origin}/oauth/token`, clientId: 'billing', clientSecret: 'sk-billing' },
    ...{ audience: AUDIENCE, dpop: true, clock: () => now, ...options },
  });

describe('a token client with DPoP, at a token router and an API that require nonces', () => {
  test('obtains a token and calls the API, with one additional request for each kind of nonce', async () => {
    const { fetch } = createClient();
    const response = await fetch(`${origin}/api/one?page=2`, { method: 'POST', body: 'body' });
    await fetch(`${origin}/api/two`);

    expect(await response.json()).toEqual({ name: 'one' });
    expect(statuses).toEqual([
      ...['/oauth/token 400', '/oauth/token 200'],
      ...['/api/one?page=2 401', '/api/one?page=2 200', '/api/two 200'],
    ]);
  });

  test('follows rotated nonces without a rejected request', async () => {
    const { fetch } = createClient();
    await fetch(`${origin}/api/a`);
    statuses.length = 0;
    for (let slot = 0; slot < 5; slot += 1) {
      now += 60;
      await fetch(`${origin}/api/a`);
    }

    expect(statuses).toEqual(Array.from({ length: 5 }, () => '/api/a 200'));
  });

  test('sends 100 concurrent requests, all of which succeed', async () => {
    const { fetch } = createClient();
    const responses = await Promise.all(Array.from({ length: 100 }, () => fetch(`${origin}/api/a`)));

    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    expect(statuses.filter((status) => status.startsWith('/oauth/token'))).toHaveLength(2);
  });

  test('replaces a revoked token', async () => {
    const { fetch } = createClient();
    await fetch(`${origin}/api/a`);
    await revocations.revoke({ kind: 'api_key', clientId: 'billing' });
    now += 2;
    statuses.length = 0;

    expect((await fetch(`${origin}/api/a`)).status).toBe(200);
    expect(statuses).toEqual(['/api/a 401', '/oauth/token 200', '/api/a 200']);
  });

  test('obtains a token that is useless without its key', async () => {
    const token = await createClient().getToken();
    const bearer = await fetch(`${origin}/api/a`, { headers: { Authorization: `Bearer ${token}` } });
    const { out: jkt } = await run(['dpop-key', 'create']);
    const thief = await run(['call', `${origin}/api/a`, '--dpop-key', 'dpop.jwk'], token);

    expect(jkt).toContain('thumbprint');
    expect([bearer.status, thief.code]).toEqual([401, 1]);
  });

  test('has the same results as the command line', async () => {
    await run(['dpop-key', 'create']);
    const key = ['--dpop-key', 'dpop.jwk'];
    const endpoint = ['--token-endpoint', `${origin}/oauth/token`, '--client', 'billing'];
    const { out: token } = await run(
      ['token', 'request', ...endpoint, '--audience', AUDIENCE, ...key],
      'sk-billing',
    );
    const { code, out } = await run(['call', `${origin}/api/a`, ...key], token);

    expect([code, out]).toEqual([0, '{"name":"a"}']);
  });
});
