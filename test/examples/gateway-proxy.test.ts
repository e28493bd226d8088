import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readSettings } from '../../examples/gateway/settings.js';
import { type ModelGateway, startModelGateway } from '../support/model-gateway.js';
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.js';

let upstream: RecordingUpstream;
let gateway: ModelGateway;
let token = '';

beforeAll(async () => {
  upstream = await startRecordingUpstream();
  const fields = (more: string): string =>
    `type: api_call\npermissions: [${more}]\nendpoints: ["GET /reports/*", "* /drafts", "HEAD /reports/*"]\nrate_limits: { requests_per_minute: 100000, concurrent_requests: 1000 }\n`;
  const keys = { caller: fields('call:endpoints'), other: fields('read:documents') };
  const PROXY_UPSTREAM = `${upstream.origin}/base/`;
  gateway = await startModelGateway({ keys, environment: { PROXY_UPSTREAM } });
  token = await gateway.tokenOf('caller');
});

beforeEach(() => upstream.answer((res) => void res.end('ok')));

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** `fetch` would normalise a path; this sends it as it is. */
function sendRaw(
  target: string,
  { method = 'GET', headers = {}, body = '' }: RawRequest = {},
): Promise<string> {
  const lines = Object.entries({ Authorization: `Bearer ${token}`, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  const { port } = new URL(gateway.origin);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(
        `${method} ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines.join('')}\r\n${body}`,
      );
    });
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      text += part;
    });
    socket.once('error', reject);
    socket.once('close', () => resolve(text));
  });
}

interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const statusOf = async (target: string, request?: RawRequest): Promise<number> =>
  Number((await sendRaw(target, request)).split(' ')[1]);

describe('what a token allows', () => {
  test.each([
    '/reports/7',
    '/reports/7?a=1&b=%2F..%2f&c=[x]',
    '/reports/%20/x',
    '/reports/%C3%84',
    '/drafts',
  ])('is forwarded unchanged: %s', async (path) => {
    expect(await statusOf(`/proxy${path}`)).toBe(200);
    expect(upstream.requests[0]?.path).toBe(`/base${path}`);
  });

  test('is forwarded with its body, and gets the response of the upstream', async () => {
    upstream.answer((res) => void res.writeHead(201, { 'X-Kind': 'draft' }).end('made'));
    const answer = await fetch(`${gateway.origin}/proxy/drafts`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'text/plain' },
      body: 'x'.repeat(300_000),
    });

    expect([answer.status, answer.headers.get('x-kind'), await answer.text()]).toEqual([
      201,
      'draft',
      'made',
    ]);
    expect(upstream.requests[0]?.body).toHaveLength(300_000);
    expect(upstream.requests[0]?.headers['content-type']).toBe('text/plain');
  });
});

describe('what a token does not allow', () => {
  test.each([
    ['/proxy/secrets', 403],
    ['/proxy/reports', 403],
    ['/proxy', 403],
    ['/proxy/reports/../drafts', 400],
    ['/proxy/reports/%2e%2e/drafts', 400],
    ['/proxy/reports/%2E%2E/drafts', 400],
    ['/proxy/reports/..;/drafts', 400],
    ['/proxy/reports%2f7', 400],
    ['/proxy//reports/7', 400],
    ['/proxy/reports//7', 400],
    ['/proxy/reports/\\..\\drafts', 400],
    ['/proxy/reports/%00', 400],
    ['/proxy/reports/%', 400],
    ['/proxy/reports/%c3%a9', 400],
    ['/proxy/reports/%C0%AE%C0%AE/drafts', 400],
    ['/proxy/reports/.', 400],
    ['/proxy/reports/7#x', 400],
    ['/proxy\\reports\\7', 404],
    ['/proxy/%72eports/7', 400],
    ['http://evil.example/proxy/../reports/7', 400],
  ])('does not reach the upstream: %s is answered %d', async (target, status) => {
    expect(await statusOf(target)).toBe(status);
    expect(upstream.requests).toEqual([]);
  });

  test('includes methods', async () => {
    expect(await statusOf('/proxy/reports/7', { method: 'DELETE' })).toBe(403);
  });

  test('includes every request without the scope or without a token', async () => {
    const headers = { Authorization: `Bearer ${await gateway.tokenOf('other')}` };

    expect(await statusOf('/proxy/reports/7', { headers })).toBe(403);
    expect((await fetch(`${gateway.origin}/proxy/reports/7`)).status).toBe(401);
    expect(upstream.requests).toEqual([]);
  });
});

describe('headers', () => {
  test("that are the client's own, or of its connection, stay here", async () => {
    await sendRaw('/proxy/reports/7', {
      headers: {
        Cookie: 'canary=1',
        'X-Api-Key': token,
        Connection: 'x-canary, close',
        'X-Canary': 'canary',
        'Keep-Alive': 'timeout=canary',
        'Proxy-Authorization': 'Basic canary',
        'Proxy-Canary': 'canary',
        Proxy: 'canary',
        'Set-Cookie': 'canary=1',
        TE: 'canary',
        'X-Forwarded-For': 'canary',
        'X-Forwarded-Port': 'canary',
        'X-Request-Id': 'canary',
        Accept: 'text/plain',
      },
    });
    const headers = upstream.requests[0]?.headers;

    expect(headers?.accept).toBe('text/plain');
    expect(headers?.['x-request-id']).toMatch(/^req_/);
    expect(JSON.stringify(headers)).not.toContain('canary');
    expect(JSON.stringify(headers)).not.toContain(token);
  });

  test.each([
    ...[
      'X-HTTP-Method-Override',
      'X-HTTP-Method',
      'X-Method-Override',
      'X-Original-URL',
      'X-Original-Method',
    ],
    ...[
      'X-Rewrite-URL',
      'X-Accel-Redirect',
      'True-Client-IP',
      'Client-IP',
      'CF-Connecting-IP',
      'X-Client-IP',
    ],
    ...['X-Cluster-Client-IP', 'Fastly-Client-IP', 'X-Real-IP', 'X-Forwarded-Host', 'X-Original-Host', 'Via'],
    ...['X-Amzn-Oidc-Identity', 'X-Remote-User', 'X-SSL-Client-DN', 'X-MS-Client-Principal', 'X-Internal'],
    ...[
      'Destination',
      'Max-Forwards',
      'Early-Data',
      'HTTP2-Settings',
      'Baggage',
      'Origin',
      'Referer',
      'DPoP',
    ],
  ])('that are not on the list are not forwarded: %s', async (name) => {
    expect(await statusOf('/proxy/reports/7', { headers: { [name]: 'canary' } })).toBe(200);
    expect(JSON.stringify(upstream.requests[0]?.headers)).not.toContain('canary');
  });

  test.each([
    ['Accept', 'text/csv;q=0.5, */*'],
    ['Accept-Language', 'de, en;q=0.5'],
    ['Accept-Encoding', 'br, gzip'],
    ['User-Agent', 'reports/1'],
    ['Range', 'bytes=0-99'],
    ['If-Range', '"7"'],
    ['If-None-Match', '"7", W/"8"'],
    ['If-Match', '*'],
    ['If-Modified-Since', 'Sun, 29 Nov 2026 00:00:00 GMT'],
    ['If-Unmodified-Since', 'Sun, 29 Nov 2026 00:00:00 GMT'],
    ['Cache-Control', 'no-cache'],
    ['Prefer', 'respond-async'],
    ['Last-Event-ID', '7'],
    ['Idempotency-Key', '"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['tracestate', 'vendor=1'],
  ])('that the upstream needs are forwarded: %s', async (name, value) => {
    await sendRaw('/proxy/reports/7', { headers: { [name]: value } });

    expect(upstream.requests[0]?.headers[name.toLowerCase()]).toBe(value);
  });

  test('of the content are forwarded', async () => {
    const headers = {
      ...{ 'Content-Type': 'application/json', 'Content-Encoding': 'gzip', 'Content-Length': '2' },
      ...{ 'Content-Language': 'de', 'Content-Digest': 'sha-256=:AA==:' },
    };
    await sendRaw('/proxy/drafts', { method: 'POST', headers, body: 'xy' });
    const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);

    expect(upstream.requests[0]?.headers).toMatchObject(Object.fromEntries(named));
    expect(upstream.requests[0]?.body).toBe('xy');
  });

  test('that are on the list are not forwarded if they are hop-by-hop', async () => {
    const headers = { Connection: 'close, Traceparent , range', Traceparent: 'canary', Range: 'canary' };
    await sendRaw('/proxy/reports/7', { headers: { ...headers, 'Keep-Alive': 'canary', TE: 'canary' } });

    expect(JSON.stringify(upstream.requests[0]?.headers)).not.toContain('canary');
  });

  test('of the upstream are returned, except cookies, nonces and hop-by-hop headers', async () => {
    const headers = { 'Set-Cookie': 'canary=1', 'Keep-Alive': 'canary', 'DPoP-Nonce': 'canary' };
    upstream.answer((res) => void res.writeHead(200, { ...headers, 'X-Kind': 'k', ETag: '"1"' }).end('ok'));
    const text = await sendRaw('/proxy/reports/7');

    expect(text).toContain('x-kind: k');
    expect(text).toContain('etag: "1"');
    expect(text).not.toContain('canary');
  });
});

describe('an upstream', () => {
  test('that redirects is a 502', async () => {
    upstream.answer((res) => void res.writeHead(302, { Location: '/elsewhere' }).end());

    expect(await statusOf('/proxy/reports/7')).toBe(502);
    expect(upstream.requests).toHaveLength(1);
  });

  test.each([
    'http://api.example.com',
    'ftp://127.0.0.1',
    'https://a:b@c.example',
    'https://c.example/?a',
    'x',
  ])('cannot be set to %s', (PROXY_UPSTREAM) => {
    expect(() => readSettings({ PROXY_UPSTREAM })).toThrow('PROXY_UPSTREAM must be an https URL');
  });

  test.each(['PROXY_TIMEOUT_MS', 'PROXY_IDLE_TIMEOUT_MS'])(
    'has a timeout in %s, a positive integer',
    (name) => {
      expect(() => readSettings({ [name]: '1.5' })).toThrow(
        `${name} must be a positive integer of at most 6 digits, in milliseconds, for example 30000`,
      );
    },
  );
});
