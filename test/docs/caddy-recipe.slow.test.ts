import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { AMBIGUOUS_PATHS, pathsOf } from '../support/ambiguous-paths.js';
import { type AuthService, startAuthService } from '../support/auth-service.js';
import { type EchoBackend, startEchoBackend, valuesOf } from '../support/echo-backend.js';
import { sendRawTo } from '../support/http.js';
import { IDENTITY_HEADERS, NGINX_BLOCKS } from '../support/nginx-stack.js';
import { mintToken } from '../support/tokens.js';
import { CADDY, describeWithWebServer, startWebServer, type WebServer } from '../support/web-server.js';

let auth: AuthService;
let caddy: WebServer;
let backend: EchoBackend;

/** Route without authentication. */
const OPEN_ROUTE = '\t\troute /open/* {\n\t\t\treverse_proxy 127.0.0.1:3000\n\t\t}\n';

const FORGED = IDENTITY_HEADERS.flatMap((name) => [
  ...[name, name.toLowerCase(), name.replaceAll('-', '_'), name.replaceAll('-', '.')],
  ...[name.replace('-', '_'), name.replace('-', '.'), name.replace(/-(?=[^-]*$)/, '_')],
]).map((name) => `${name}: admin`);

const request = (lines: readonly string[]) => sendRawTo(caddy.port, ['GET /documents/7 HTTP/1.1', ...lines]);
const authorize = (claims = {}) => [`Authorization: Bearer ${mintToken(auth.keyRing, { claims })}`];

describeWithWebServer(CADDY, 'Caddy with the configuration of docs/recipes/nginx.md', () => {
  beforeAll(async () => {
    backend = await startEchoBackend();
    auth = await startAuthService({ originalRequest: 'x-forwarded' });
    caddy = await startWebServer(CADDY, NGINX_BLOCKS.get('caddy') ?? '', {
      'api.example.com {': 'http://localhost:PORT {\n\tbind 127.0.0.1',
      '\t\troute /documents/* {': `${OPEN_ROUTE}\t\troute /documents/* {`,
      '127.0.0.1:3001': `127.0.0.1:${auth.port}`,
      '127.0.0.1:3000': `127.0.0.1:${backend.port}`,
    });
  });

  afterAll(async () => {
    await caddy?.close();
    auth?.close();
    await backend?.close();
  });

  beforeEach(() => {
    auth.setAnswer('valid');
    backend.take();
  });

  test('forwards the identity of a valid token, and removes every spelling that a client sends', async () => {
    const { status } = await request([...FORGED, 'X-Forwarded-Uri: /other', ...authorize({ sub: 'Jörg' })]);
    const [received] = backend.take();

    expect(status).toBe(200);
    expect(received?.url).toBe('/documents/7');
    expect(received?.rawHeaders.join()).not.toContain('admin');
    expect(received && valuesOf(received, 'X-Auth-Subject')).toEqual(['J%C3%B6rg']);
    expect(received && valuesOf(received, 'X-Auth-Scope')).toEqual(['read:documents write:documents']);
    expect(received && valuesOf(received, 'Authorization')).toEqual([]);
  });

  test('removes identity headers of the client in routes without authentication', async () => {
    const { status } = await sendRawTo(caddy.port, ['GET /open/ HTTP/1.1', ...FORGED]);
    const [received] = backend.take();

    expect([status, received?.url]).toEqual([200, '/open/']);
    expect(received?.rawHeaders.join()).not.toContain('admin');
  });

  test.each(AMBIGUOUS_PATHS)('lets no request without a token reach a guarded path by %s', async (path) => {
    const { status } = await sendRawTo(caddy.port, [`GET ${path} HTTP/1.1`]);
    const received = backend.take();

    expect(received.flatMap(pathsOf)).toEqual([]);
    expect(status).toBe(400);
  });

  test('accepts paths and queries that have one reading', async () => {
    for (const path of ['/documents/J%C3%B6rg%20a.b?q=%2F../%5C', '/documents/.well-known/x']) {
      expect((await sendRawTo(caddy.port, [`GET ${path} HTTP/1.1`, ...authorize()])).status).toBe(200);
    }
  });

  test.each(IDENTITY_HEADERS)('rejects a Connection header that would remove %s', async (name) => {
    const lines = [`Connection: close, ${name.toLowerCase()}`, ...authorize()];

    expect((await request(lines)).status).toBe(400);
    expect((await request(['Connection: keep-alive', ...lines])).status).toBe(400);
    expect(backend.take()).toEqual([]);
  });

  test.each(['h2c', 'TLS/1.0', 'h2c, websocket'])('passes no upgrade to %s', async (protocol) => {
    const lines = [`Upgrade: ${protocol}`, 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABk'];
    const { status } = await sendRawTo(caddy.port, ['GET /open/ HTTP/1.1', ...lines]);
    const [received] = backend.take();

    expect(status).toBe(200);
    expect(received && valuesOf(received, 'Upgrade')).toEqual([]);
  });

  test('passes upgrades to WebSocket', async () => {
    const lines = ['Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
    const head = ['GET /documents/socket HTTP/1.1', 'Host: localhost', 'Connection: Upgrade', ...lines];
    const socket = connect(caddy.port, '127.0.0.1', () =>
      socket.write([...head, ...authorize(), '', ''].join('\r\n')),
    );
    const [answer] = await once(socket, 'data');
    socket.destroy();

    expect(String(answer)).toMatch(/^HTTP\/1\.1 101 /);
  });

  test('forwards no token and no proof', async () => {
    await request(['DPoP: a.b.c', ...authorize()]);
    const [received] = backend.take();

    expect(received && ['Authorization', 'DPoP'].flatMap((name) => valuesOf(received, name))).toEqual([]);
  });

  test('forwards no header of the client that is absent from the token', async () => {
    await request(['X-Auth-Client: admin', ...authorize({ client_id: undefined, type: undefined })]);
    const [received] = backend.take();

    expect(received && valuesOf(received, 'X-Auth-Subject')).toEqual(['demo']);
    expect(received?.rawHeaders.join()).not.toContain('admin');
  });

  test('passes the rejections of the handler', async () => {
    const narrow = { scope: 'write:documents', permissions: ['write:documents'] };
    const answers = [
      await request([]),
      await request(['Authorization: Bearer a b']),
      await request(authorize(narrow)),
    ];
    auth.setAnswer('revoked');
    answers.push(await request(authorize()));
    auth.setAnswer('unavailable');
    answers.push(await request(authorize()));

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 403, 401, 503]);
    expect(answers[2]?.headers['www-authenticate']).toMatch(
      /error="insufficient_scope".*scope="read:documents"$/,
    );
    expect(answers[4]?.headers['retry-after']).toBe('1');
    expect(backend.take()).toEqual([]);
  });
});
