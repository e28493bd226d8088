import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import express from 'express';
import { forwardAuth, type KeyRing, RateLimitExceededError } from 'passport-jwe';
import { createProof, createProofSigner } from '../support/dpop-proofs.js';
import { type EchoBackend, startEchoBackend, valuesOf } from '../support/echo-backend.js';
import { listen, sendRawTo } from '../support/http.js';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort, startProgram, untilListening } from '../support/processes.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW, secretOf } from '../support/tokens.js';
import { describeWithWebServer, NGINX, startWebServer, type WebServer } from '../support/web-server.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const blocks = await readPageBlocks(new URL('../../docs/recipes/nginx.md', import.meta.url));
const CONFIGURATION = blocks.get('nginx') ?? '';

type RevocationAnswer = 'valid' | 'revoked' | 'unavailable' | 'limited';

const IDENTITY = ['Subject', 'Issuer', 'Client', 'Scope', 'Token-Type', 'Expires'].map(
  (name) => `X-Auth-${name}`,
);

let keyRing: KeyRing;
let token: string;
let nginx: WebServer;
let backend: EchoBackend;
let authServer: Server;
/** What the auth service learns about the token. */
let answer: RevocationAnswer = 'valid';
/** Requests that the auth service has received. */
let asked: { method: string; url: string; headers: Readonly<Record<string, unknown>>; bytes: number }[] = [];

function isRevoked(): boolean {
  if (answer === 'unavailable') throw new Error('the store is down');
  if (answer === 'limited')
    throw new RateLimitExceededError(7, [{ name: 'minute', quota: 1, windowSeconds: 60, remaining: 0 }]);
  return answer === 'revoked';
}

function createAuthService() {
  const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, clock, revocations: { isRevoked } };
  const dpop = { mode: 'allow', baseUrl: AUDIENCE } as const;
  const app = express().set('env', 'test');
  app.use((req, _res, next) => {
    const { method, originalUrl: url, headers } = req;
    const entry = { method, url, headers, bytes: 0 };
    asked.push(entry);
    req.on('data', (chunk) => (entry.bytes += chunk.length));
    next();
  });
  app.get('/auth/documents', forwardAuth({ ...options, scope: 'read:documents' }));
  app.get('/auth/events', forwardAuth({ ...options, dpop, credentialsRequired: false }));
  return app;
}

/** Start nginx with the configuration of the page, in front of these ports. */
function startNginx(authPort: number): Promise<WebServer> {
  return startWebServer(NGINX, CONFIGURATION, {
    'listen 8080': 'listen 127.0.0.1:PORT',
    '127.0.0.1:3001': `127.0.0.1:${authPort}`,
    '127.0.0.1:3000': `127.0.0.1:${backend.port}`,
  });
}

const authorized = (presented = token) => ({ headers: { Authorization: `Bearer ${presented}` } });

const get = (path: string, init: RequestInit = {}) => fetch(nginx.origin + path, init);

describeWithWebServer(NGINX, 'nginx with the configuration of docs/recipes/nginx.md', () => {
  beforeAll(async () => {
    keyRing = await createRing();
    token = mintToken(keyRing);
    backend = await startEchoBackend();
    authServer = createServer(createAuthService());
    nginx = await startNginx(await listen(authServer));
  });

  afterAll(async () => {
    await nginx?.close();
    authServer?.close();
    authServer?.closeAllConnections();
    await backend?.close();
  });

  beforeEach(() => {
    answer = 'valid';
    asked = [];
    backend.take();
  });

  test('forwards a request with a valid token, with the identity in headers and without the token', async () => {
    const { status, headers } = await get('/documents/7?page=2', authorized());
    const [received] = backend.take();

    expect({ status, backend: headers.get('x-backend') }).toEqual({ status: 200, backend: 'yes' });
    expect(received).toMatchObject({ method: 'GET', url: '/documents/7?page=2' });
    expect(IDENTITY.map((name) => received && valuesOf(received, name))).toEqual([
      ['demo'],
      [ISSUER],
      ['demo'],
      ['read:documents write:documents'],
      ['tiered_model_exec'],
      [String(NOW + 600)],
    ]);
    expect(received && valuesOf(received, 'Authorization')).toEqual([]);
    expect(asked).toMatchObject([
      {
        url: '/auth/documents',
        headers: { 'x-original-method': 'GET', 'x-original-uri': '/documents/7?page=2' },
      },
    ]);
  });

  test.each([
    ['no token', undefined, /^Bearer realm="api", scope="read:documents"$/],
    ['another scheme', 'Basic YTpi', /^Bearer realm="api", scope="read:documents"$/],
    ['a malformed header', 'Bearer a b', /^Bearer realm="api", error="invalid_request"/],
    ['a token that cannot be decrypted', 'Bearer abc', /^Bearer realm="api", error="invalid_token"/],
    ['an expired token', () => mintToken(keyRing, { claims: { exp: NOW - 6 } }), /The access token expired/],
    ['a token of another audience', () => mintToken(keyRing, { claims: { aud: ISSUER } }), /"invalid_token"/],
    [
      'a token that is bound to a key',
      () => mintToken(keyRing, { claims: { cnf: { jkt: 'a' } } }),
      /"invalid_token"/,
    ],
  ])('responds with 401 and one challenge to %s', async (_name, presented, challenge) => {
    const value = typeof presented === 'function' ? `Bearer ${presented()}` : presented;
    const lines = value === undefined ? [] : [`Authorization: ${value}`];
    const { status, headers } = await sendRawTo(nginx.port, ['GET /documents/ HTTP/1.1', ...lines]);

    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(challenge);
    expect(headers['www-authenticate']).not.toContain('\n');
    expect(backend.take()).toEqual([]);
  });

  test('responds with 401 to two Authorization headers, or rejects them itself', async () => {
    const line = `Authorization: Bearer ${token}`;
    const { status } = await sendRawTo(nginx.port, ['GET /documents/ HTTP/1.1', line, line]);

    expect([400, 401]).toContain(status);
    expect(backend.take()).toEqual([]);
  });

  test('responds with 403 and the challenge to a token without the scope of the location', async () => {
    const narrow = mintToken(keyRing, {
      claims: { scope: 'write:documents', permissions: ['write:documents'] },
    });
    const { status, headers } = await get('/documents/', authorized(narrow));

    expect(status).toBe(403);
    expect(headers.get('www-authenticate')).toMatch(/error="insufficient_scope".*scope="read:documents"$/);
    expect((await get('/events/', authorized(narrow))).status).toBe(200);
  });

  test('rejects a token as soon as it is revoked', async () => {
    const before = (await get('/documents/', authorized())).status;
    answer = 'revoked';
    const { status, headers } = await get('/documents/', authorized());

    expect([before, status]).toEqual([200, 401]);
    expect(headers.get('www-authenticate')).toMatch(/error="invalid_token"/);
    expect(asked).toHaveLength(2);
  });

  test('responds with 503 or 429 and Retry-After during an outage or beyond a limit', async () => {
    answer = 'unavailable';
    const outage = await get('/documents/', authorized());
    answer = 'limited';
    const limited = await get('/documents/', authorized());

    expect([outage.status, outage.headers.get('retry-after')]).toEqual([503, '1']);
    expect(outage.headers.get('www-authenticate')).toBeNull();
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    expect(backend.take()).toEqual([]);
  });

  test('responds with 503 and Retry-After if the auth service does not run', async () => {
    const alone = await startNginx(await findFreePort());
    const { status, headers } = await fetch(`${alone.origin}/documents/`, authorized());
    await alone.close();

    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    expect(backend.take()).toEqual([]);
  });

  test('removes identity headers of the client in every spelling, in every location', async () => {
    const spellings = IDENTITY.flatMap((name) => [
      name,
      name.toLowerCase(),
      name.replaceAll('-', '_'),
      name.replace('-', '_'),
      name.replace(/-(?=[^-]*$)/, '_'),
      name.replaceAll('-', '.'),
    ]);
    const forged = spellings.map((name) => `${name}: admin`);
    const lines = [
      ...forged,
      'X-Original-URI: /other',
      'X-Original-Method: PUT',
      `Authorization: Bearer ${token}`,
    ];
    await sendRawTo(nginx.port, ['GET /documents/ HTTP/1.1', ...lines]);
    await sendRawTo(nginx.port, ['GET /events/ HTTP/1.1', ...forged]);
    const [known, anonymous, ...others] = backend.take();

    expect(others).toEqual([]);
    expect(known?.rawHeaders).not.toContain('admin');
    expect(known && valuesOf(known, 'X-Auth-Subject')).toEqual(['demo']);
    expect(anonymous?.rawHeaders).not.toContain('admin');
    expect(anonymous && IDENTITY.flatMap((name) => valuesOf(anonymous, name))).toEqual([]);
    expect(asked[0]?.headers).toMatchObject({ 'x-original-uri': '/documents/', 'x-original-method': 'GET' });
  });

  test('forwards subjects with any characters, percent-encoded', async () => {
    const sub = 'Jörg\r\nX-Auth-Scope: admin';
    await get('/documents/', authorized(mintToken(keyRing, { claims: { sub } })));
    const [received] = backend.take();
    const [subject = ''] = received === undefined ? [] : valuesOf(received, 'X-Auth-Subject');

    expect(decodeURIComponent(subject)).toBe(sub);
    expect(received && valuesOf(received, 'X-Auth-Scope')).toEqual(['read:documents write:documents']);
  });

  test('accepts the longest tokens', async () => {
    const long = mintToken(keyRing, { claims: { sub: 'é'.repeat(1000), note: 'a'.repeat(3000) } });
    const { status } = await get('/documents/', authorized(long));
    const [received] = backend.take();

    expect(long.length).toBeGreaterThan(7000);
    expect(status).toBe(200);
    expect(received && valuesOf(received, 'X-Auth-Subject')).toEqual(['%C3%A9'.repeat(1000)]);
  });

  test('lets no client reach the auth service', async () => {
    expect((await get('/_auth/documents', authorized())).status).toBe(404);
    expect((await get('/auth/documents', authorized())).status).toBe(404);
    expect(asked).toEqual([]);
  });

  test.each([false, true])('sends no body to the auth service, chunked: %s', async (isChunked) => {
    const body = 'x'.repeat(200_000);
    const stream = isChunked ? { body: new Blob([body]).stream(), duplex: 'half' as const } : { body };
    const { status } = await get('/documents/', { method: 'POST', ...authorized(), ...stream });
    const [received] = backend.take();

    expect(status).toBe(200);
    expect(received).toMatchObject({ method: 'POST', body });
    expect(asked).toMatchObject([{ method: 'GET', bytes: 0, headers: { 'x-original-method': 'POST' } }]);
    expect(asked[0]?.headers).not.toHaveProperty('content-length');
    expect(asked[0]?.headers).not.toHaveProperty('transfer-encoding');
  });

  test('rejects an upload without a token, and forwards none of it', async () => {
    expect((await get('/documents/', { method: 'POST', body: 'x'.repeat(1000) })).status).toBe(401);
    expect(backend.take()).toEqual([]);
  });

  test('passes WebSockets and event streams with a valid token', async () => {
    const upgrade = [
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ];
    const head = [
      'GET /events/socket HTTP/1.1',
      'Host: localhost',
      ...upgrade,
      `Authorization: Bearer ${token}`,
    ];
    const socket = connect(nginx.port, '127.0.0.1', () => socket.write([...head, '', ''].join('\r\n')));
    let seen = '';
    for await (const chunk of socket) {
      seen += chunk;
      if (seen.endsWith('\r\n\r\n')) socket.write('hello');
      if (seen.endsWith('hello')) break;
    }
    const stream = await get('/events/stream', authorized());
    const reader = stream.body?.getReader();
    const first = await reader?.read();
    await reader?.cancel();

    expect(seen).toMatch(/^HTTP\/1\.1 101 [\s\S]*hello$/);
    expect(Buffer.from(first?.value ?? []).toString()).toBe('data: first\n\n');
    expect(backend.take().map((each) => valuesOf(each, 'X-Auth-Subject'))).toEqual([['demo'], ['demo']]);
  });

  test('accepts DPoP proofs for the URL of the client, once', async () => {
    const signer = createProofSigner();
    const bound = mintToken(keyRing, { claims: { cnf: { jkt: signer.jkt } } });
    const proof = createProof(signer, { method: 'GET', url: `${AUDIENCE}/events/7`, token: bound });
    const headers = { Authorization: `DPoP ${bound}`, DPoP: proof };
    const statuses = [];
    for (const path of ['/events/8', '/events/7?page=2', '/events/7']) {
      statuses.push((await get(path, { headers })).status);
    }

    expect(statuses).toEqual([401, 200, 401]);
    expect(backend.take().flatMap((each) => valuesOf(each, 'DPoP'))).toEqual([]);
  });

  test('does not change errors of the services', async () => {
    const broken = await startEchoBackend(500);
    const other = await startWebServer(NGINX, CONFIGURATION, {
      'listen 8080': 'listen 127.0.0.1:PORT',
      '127.0.0.1:3001': `127.0.0.1:${(authServer.address() as { port: number }).port}`,
      '127.0.0.1:3000': `127.0.0.1:${broken.port}`,
    });
    const { status, headers } = await fetch(`${other.origin}/documents/`, authorized());
    await Promise.all([other.close(), broken.close()]);

    expect([status, headers.get('x-backend')]).toEqual([500, 'yes']);
  });

  test('works with the auth service of the page', async () => {
    const directory = await mkdtemp(join(ROOT, 'test', '.nginx-'));
    const port = await findFreePort();
    await writeFile(join(directory, 'auth.mjs'), blocks.get('forward-auth') ?? '');
    const environment = { JWE_KEY: secretOf(1).toString('hex'), PORT: String(port) };
    const program = startProgram(join(directory, 'auth.mjs'), environment, { cwd: directory });
    await untilListening(program, port);
    const other = await startNginx(port);
    const iat = Math.floor(Date.now() / 1000);
    const current = mintToken(keyRing, { claims: { iat, nbf: iat, exp: iat + 60 } });
    const statuses = [
      (await fetch(`${other.origin}/documents/`, authorized(current))).status,
      (await fetch(`${other.origin}/documents/`, authorized())).status,
      (await fetch(`${other.origin}/events/`)).status,
    ];
    program.process.kill('SIGKILL');
    await Promise.all([other.close(), program.ended]);
    await rm(directory, { recursive: true });

    expect(statuses).toEqual([200, 401, 401]);
  });
});
