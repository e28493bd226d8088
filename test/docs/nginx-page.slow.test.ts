import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { startEchoBackend, valuesOf } from '../support/echo-backend.js';
import { sendRawTo } from '../support/http.js';
import { authorized, IDENTITY_HEADERS, NGINX_BLOCKS, setUpNginx } from '../support/nginx-stack.js';
import { findFreePort, startProgram, untilListening } from '../support/processes.js';
import { ISSUER, mintToken, NOW, secretOf } from '../support/tokens.js';
import { describeWithWebServer, NGINX } from '../support/web-server.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

describeWithWebServer(NGINX, 'nginx with the configuration of docs/recipes/nginx.md', () => {
  const nginx = setUpNginx();

  test('forwards a request with a valid token, with the identity in headers and without the token', async () => {
    const { status, headers } = await nginx.get('/documents/7?page=2', authorized(nginx.token));
    const [received] = nginx.backend.take();

    expect({ status, backend: headers.get('x-backend') }).toEqual({ status: 200, backend: 'yes' });
    expect(received).toMatchObject({ method: 'GET', url: '/documents/7?page=2' });
    expect(IDENTITY_HEADERS.map((name) => received && valuesOf(received, name))).toEqual([
      ['demo'],
      [ISSUER],
      ['demo'],
      ['read:documents write:documents'],
      ['tiered_model_exec'],
      [String(NOW + 600)],
    ]);
    expect(received && valuesOf(received, 'Authorization')).toEqual([]);
    expect(nginx.auth.take()).toMatchObject([
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
    [
      'an expired token',
      () => mintToken(nginx.auth.keyRing, { claims: { exp: NOW - 6 } }),
      /The access token expired/,
    ],
    [
      'a token of another audience',
      () => mintToken(nginx.auth.keyRing, { claims: { aud: ISSUER } }),
      /"invalid_token"/,
    ],
    [
      'a token that is bound to a key',
      () => mintToken(nginx.auth.keyRing, { claims: { cnf: { jkt: 'a' } } }),
      /"invalid_token"/,
    ],
  ])('responds with 401 and one challenge to %s', async (_name, presented, challenge) => {
    const value = typeof presented === 'function' ? `Bearer ${presented()}` : presented;
    const lines = value === undefined ? [] : [`Authorization: ${value}`];
    const { status, headers } = await sendRawTo(nginx.port, ['GET /documents/ HTTP/1.1', ...lines]);

    expect(status).toBe(401);
    expect(headers['www-authenticate']).toMatch(challenge);
    expect(headers['www-authenticate']).not.toContain('\n');
    expect(nginx.backend.take()).toEqual([]);
  });

  test('responds with 401 to two Authorization headers, or rejects them itself', async () => {
    const line = `Authorization: Bearer ${nginx.token}`;
    const { status } = await sendRawTo(nginx.port, ['GET /documents/ HTTP/1.1', line, line]);

    expect([400, 401]).toContain(status);
    expect(nginx.backend.take()).toEqual([]);
  });

  test('responds with 403 and the challenge to a token without the scope of the location', async () => {
    const narrow = mintToken(nginx.auth.keyRing, {
      claims: { scope: 'write:documents', permissions: ['write:documents'] },
    });
    const { status, headers } = await nginx.get('/documents/', authorized(narrow));

    expect(status).toBe(403);
    expect(headers.get('www-authenticate')).toMatch(/error="insufficient_scope".*scope="read:documents"$/);
    expect((await nginx.get('/events/', authorized(narrow))).status).toBe(200);
  });

  test('rejects a revoked token immediately', async () => {
    const before = (await nginx.get('/documents/', authorized(nginx.token))).status;
    nginx.auth.setAnswer('revoked');
    const { status, headers } = await nginx.get('/documents/', authorized(nginx.token));

    expect([before, status]).toEqual([200, 401]);
    expect(headers.get('www-authenticate')).toMatch(/error="invalid_token"/);
    expect(nginx.auth.take()).toHaveLength(2);
  });

  test('responds with 503 or 429 and Retry-After during an outage or beyond a limit', async () => {
    nginx.auth.setAnswer('unavailable');
    const outage = await nginx.get('/documents/', authorized(nginx.token));
    nginx.auth.setAnswer('limited');
    const limited = await nginx.get('/documents/', authorized(nginx.token));

    expect([outage.status, outage.headers.get('retry-after')]).toEqual([503, '1']);
    expect(outage.headers.get('www-authenticate')).toBeNull();
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
    expect(nginx.backend.take()).toEqual([]);
  });

  test('responds with 503 and Retry-After if the auth service does not run', async () => {
    const alone = await nginx.startOther({ auth: await findFreePort() });
    const { status, headers } = await fetch(`${alone.origin}/documents/`, authorized(nginx.token));
    await alone.close();

    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    expect(nginx.backend.take()).toEqual([]);
  });

  test('lets no client reach the auth service', async () => {
    expect((await nginx.get('/_auth/documents', authorized(nginx.token))).status).toBe(404);
    expect((await nginx.get('/auth/documents', authorized(nginx.token))).status).toBe(404);
    expect(nginx.auth.take()).toEqual([]);
  });

  test('does not change errors of the services', async () => {
    const broken = await startEchoBackend(500);
    const other = await nginx.startOther({ backend: broken.port });
    const { status, headers } = await fetch(`${other.origin}/documents/`, authorized(nginx.token));
    await Promise.all([other.close(), broken.close()]);

    expect([status, headers.get('x-backend')]).toEqual([500, 'yes']);
  });

  test('works with the auth service of the page', async () => {
    const directory = await mkdtemp(join(ROOT, 'test', '.readme-'));
    const closers: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true })];
    const statuses: number[] = [];
    try {
      const port = await findFreePort();
      await writeFile(join(directory, 'auth.mjs'), NGINX_BLOCKS.get('forward-auth') ?? '');
      const environment = { JWE_KEY: secretOf(1).toString('hex'), PORT: String(port) };
      const program = startProgram(join(directory, 'auth.mjs'), environment, { cwd: directory });
      closers.push(() => {
        program.process.kill('SIGKILL');
        return program.ended;
      });
      await untilListening(program, port);
      const other = await nginx.startOther({ auth: port });
      closers.push(other.close);
      const iat = Math.floor(Date.now() / 1000);
      const current = mintToken(nginx.auth.keyRing, { claims: { iat, nbf: iat, exp: iat + 60 } });
      const send = async (path: string, init?: RequestInit) =>
        statuses.push((await fetch(other.origin + path, init)).status);
      await send('/documents/', authorized(current));
      await send('/documents/', authorized(nginx.token));
      await send('/events/');
    } finally {
      for (const close of closers.reverse()) await close();
    }

    expect(statuses).toEqual([200, 401, 401]);
  });
});
