import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import { AMBIGUOUS_PATHS, pathsOf } from '../support/ambiguous-paths.js';
import { createProof, createProofSigner } from '../support/dpop-proofs.js';
import { valuesOf } from '../support/echo-backend.js';
import { sendRawTo } from '../support/http.js';
import { authorized, IDENTITY_HEADERS, setUpNginx } from '../support/nginx-stack.js';
import { AUDIENCE, mintToken } from '../support/tokens.js';
import { describeWithWebServer, NGINX } from '../support/web-server.js';

describeWithWebServer(NGINX, 'requests through nginx with the configuration of docs/recipes/nginx.md', () => {
  const nginx = setUpNginx();

  test('removes identity headers of the client in every spelling, in every location', async () => {
    const spellings = IDENTITY_HEADERS.flatMap((name) => [
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
      `Authorization: Bearer ${nginx.token}`,
    ];
    await sendRawTo(nginx.port, ['GET /documents/ HTTP/1.1', ...lines]);
    await sendRawTo(nginx.port, ['GET /events/ HTTP/1.1', ...forged]);
    await sendRawTo(nginx.port, ['GET /open/ HTTP/1.1', ...forged]);
    const [known, anonymous, open, ...others] = nginx.backend.take();

    expect(others).toEqual([]);
    expect(known?.rawHeaders.join()).not.toContain('admin');
    expect(known && valuesOf(known, 'X-Auth-Subject')).toEqual(['demo']);
    expect(anonymous?.rawHeaders.join()).not.toContain('admin');
    expect(open?.rawHeaders.join()).not.toContain('admin');
    expect(anonymous && IDENTITY_HEADERS.flatMap((name) => valuesOf(anonymous, name))).toEqual([]);
    expect(nginx.auth.take()[0]?.headers).toMatchObject({
      'x-original-uri': '/documents/',
      'x-original-method': 'GET',
    });
  });

  test.each(AMBIGUOUS_PATHS)('lets no request without a token reach a guarded path by %s', async (path) => {
    const { status } = await sendRawTo(nginx.port, [`GET ${path} HTTP/1.1`]);
    const received = nginx.backend.take();

    expect(received.flatMap(pathsOf).filter((each) => !each.startsWith('/open/'))).toEqual([]);
    expect(received.length === 0 ? [400, 401] : [200]).toContain(status);
  });

  test('forwards the path that has selected the location', async () => {
    for (const path of ['/documents/a%2Fb%3F%25?q=%2F', '/events//%61', '/events/x%20y']) {
      await sendRawTo(nginx.port, [`GET ${path} HTTP/1.1`, `Authorization: Bearer ${nginx.token}`]);
    }

    expect(nginx.backend.take().map(({ url }) => url)).toEqual([
      '/documents/a/b%3F%25?q=%2F',
      '/events/a',
      '/events/x%20y',
    ]);
  });

  test('forwards subjects with any characters, percent-encoded', async () => {
    const sub = 'Jörg\r\nX-Auth-Scope: admin';
    await nginx.get('/documents/', authorized(mintToken(nginx.auth.keyRing, { claims: { sub } })));
    const [received] = nginx.backend.take();
    const [subject = ''] = received === undefined ? [] : valuesOf(received, 'X-Auth-Subject');

    expect(decodeURIComponent(subject)).toBe(sub);
    expect(received && valuesOf(received, 'X-Auth-Scope')).toEqual(['read:documents write:documents']);
  });

  test('accepts the longest tokens', async () => {
    const mint = (length: number) =>
      mintToken(nginx.auth.keyRing, { claims: { sub: 'é'.repeat(1000), note: 'a'.repeat(length) } });
    let length = 3600;
    while (mint(length).length > 8192) length -= 1;
    const long = mint(length);
    const { status } = await nginx.get('/documents/', authorized(long));
    const [received] = nginx.backend.take();

    expect(long.length).toBeGreaterThan(8188);
    expect(status).toBe(200);
    expect(received && valuesOf(received, 'X-Auth-Subject')).toEqual(['%C3%A9'.repeat(1000)]);
  });

  test.each([false, true])('sends no body to the auth service, chunked: %s', async (isChunked) => {
    const body = 'x'.repeat(200_000);
    const stream = isChunked ? { body: new Blob([body]).stream(), duplex: 'half' as const } : { body };
    const { status } = await nginx.get('/documents/', {
      method: 'POST',
      ...authorized(nginx.token),
      ...stream,
    });
    const [received] = nginx.backend.take();
    const asked = nginx.auth.take();

    expect(status).toBe(200);
    expect(received).toMatchObject({ method: 'POST', body });
    expect(asked).toMatchObject([{ method: 'GET', bytes: 0, headers: { 'x-original-method': 'POST' } }]);
    expect(asked[0]?.headers).not.toHaveProperty('content-length');
    expect(asked[0]?.headers).not.toHaveProperty('transfer-encoding');
  });

  test('rejects an upload without a token, and forwards none of it', async () => {
    expect((await nginx.get('/documents/', { method: 'POST', body: 'x'.repeat(1000) })).status).toBe(401);
    expect(nginx.backend.take()).toEqual([]);
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
      `Authorization: Bearer ${nginx.token}`,
    ];
    const socket = connect(nginx.port, '127.0.0.1', () => socket.write([...head, '', ''].join('\r\n')));
    let seen = '';
    for await (const chunk of socket) {
      seen += chunk;
      if (seen.endsWith('\r\n\r\n')) socket.write('hello');
      if (seen.endsWith('hello')) break;
    }
    const stream = await nginx.get('/events/stream', authorized(nginx.token));
    const reader = stream.body?.getReader();
    const first = await reader?.read();
    await reader?.cancel();

    expect(seen).toMatch(/^HTTP\/1\.1 101 [\s\S]*hello$/);
    expect(Buffer.from(first?.value ?? []).toString()).toBe('data: first\n\n');
    expect(nginx.backend.take().map((each) => valuesOf(each, 'X-Auth-Subject'))).toEqual([
      ['demo'],
      ['demo'],
    ]);
  });

  test.each(['h2c', 'TLS/1.0', 'h2c, websocket'])('passes no upgrade to %s', async (protocol) => {
    const lines = [`Upgrade: ${protocol}`, 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABk'];
    for (const path of ['/open/', '/events/']) {
      expect((await sendRawTo(nginx.port, [`GET ${path} HTTP/1.1`, ...lines])).status).toBe(200);
    }
    const received = nginx.backend.take();

    expect(received.flatMap((each) => valuesOf(each, 'Upgrade'))).toEqual([]);
    expect(received.flatMap((each) => valuesOf(each, 'Connection'))).toEqual([]);
    expect(received).toHaveLength(2);
  });

  test('accepts DPoP proofs for the URL of the client, once', async () => {
    const signer = createProofSigner();
    const bound = mintToken(nginx.auth.keyRing, { claims: { cnf: { jkt: signer.jkt } } });
    const proof = createProof(signer, { method: 'GET', url: `${AUDIENCE}/events/7`, token: bound });
    const headers = { Authorization: `DPoP ${bound}`, DPoP: proof };
    const statuses = [];
    for (const path of ['/events/8', '/events/7?page=2', '/events/7']) {
      statuses.push((await nginx.get(path, { headers })).status);
    }

    expect(statuses).toEqual([401, 200, 401]);
    expect(nginx.backend.take().flatMap((each) => valuesOf(each, 'DPoP'))).toEqual([]);
  });
});
