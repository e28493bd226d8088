import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type AuthService, startAuthService } from '../support/auth-service.js';
import { type EchoBackend, startEchoBackend, valuesOf } from '../support/echo-backend.js';
import { sendRawTo } from '../support/http.js';
import { NGINX_BLOCKS } from '../support/nginx-stack.js';
import { mintToken } from '../support/tokens.js';
import { CADDY, describeWithWebServer, startWebServer, type WebServer } from '../support/web-server.js';

let auth: AuthService;
let caddy: WebServer;
let backend: EchoBackend;

const request = (lines: readonly string[]) => sendRawTo(caddy.port, ['GET /documents/7 HTTP/1.1', ...lines]);
const authorize = (claims = {}) => [`Authorization: Bearer ${mintToken(auth.keyRing, { claims })}`];

describeWithWebServer(CADDY, 'Caddy with the configuration of docs/recipes/nginx.md', () => {
  beforeAll(async () => {
    backend = await startEchoBackend();
    auth = await startAuthService({ originalRequest: 'x-forwarded' });
    caddy = await startWebServer(CADDY, NGINX_BLOCKS.get('caddy') ?? '', {
      'api.example.com {': 'http://localhost:PORT {\n\tbind 127.0.0.1',
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
    const names = ['X-Auth-Subject', 'x-auth-scope', 'X_Auth_Subject', 'X-Auth_Subject', 'X_Auth-Client'];
    const forged = names.map((name) => `${name}: admin`);
    const { status } = await request([...forged, 'X-Forwarded-Uri: /other', ...authorize({ sub: 'Jörg' })]);
    const [received] = backend.take();

    expect(status).toBe(200);
    expect(received?.url).toBe('/documents/7');
    expect(received?.rawHeaders.join()).not.toContain('admin');
    expect(received && valuesOf(received, 'X-Auth-Subject')).toEqual(['J%C3%B6rg']);
    expect(received && valuesOf(received, 'X-Auth-Scope')).toEqual(['read:documents write:documents']);
    expect(received && valuesOf(received, 'Authorization')).toEqual([]);
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
