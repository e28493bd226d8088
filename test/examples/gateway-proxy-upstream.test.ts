import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { errors } from 'undici';
import { describeUpstreamFailure } from '../../examples/gateway/proxy/upstream-failure.js';
import { type ModelGateway, startModelGateway } from '../support/model-gateway.js';
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';

const CALLER =
  'type: api_call\npermissions: [call:endpoints]\nendpoints: ["* /*"]\nrate_limits: { requests_per_minute: 100000, concurrent_requests: 1000 }\n';

const OK = ['Connection: close', 'Content-Length: 2', '', 'ok'];

const lines: string[] = [];
let upstream: RawUpstream;
let gateway: ModelGateway;
let token = '';

beforeAll(async () => {
  upstream = await startRawUpstream();
  gateway = await startModelGateway({
    keys: { caller: CALLER },
    environment: { PROXY_UPSTREAM: upstream.origin, CORS_ORIGINS: 'https://app.example.com' },
    observers: { logger: pino({}, { write: (line: string) => void lines.push(line) }) },
  });
  token = await gateway.tokenOf('caller');
});

beforeEach(() => void lines.splice(0));

afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

const ask = (init: RequestInit = {}): Promise<Response> =>
  fetch(`${gateway.origin}/proxy/reports`, {
    ...init,
    headers: { Authorization: `Bearer ${token}`, ...init.headers },
  });

describe('an upstream', () => {
  test.each(['text/html', 'application/vnd.api+json; v=1', 'odd'])(
    'has its Content-Type, %s, forwarded unchanged',
    async (type) => {
      upstream.say('HTTP/1.1 200 OK', `Content-Type: ${type}`, ...OK);

      expect((await ask()).headers.get('content-type')).toBe(type);
    },
  );

  test('may repeat an equal header', async () => {
    upstream.say('HTTP/1.1 200 OK', 'Connection: x-canary', 'X-Canary: 1', 'Link: <a>', 'Link: <b>', ...OK);
    const { status, headers } = await ask();

    expect([status, headers.get('link'), headers.get('x-canary')]).toEqual([200, '<a>, <b>', null]);
  });

  test('that repeats a singleton header does not fail', async () => {
    upstream.say('HTTP/1.1 200 OK', 'Content-Type: text/html', 'Content-Type: text/plain', ...OK);

    expect((await ask()).status).toBe(200);
  });

  test('cannot set CORS headers, limits, cookies or the request ID', async () => {
    const canaries = ['Access-Control-Allow-Credentials', 'Set-Cookie', 'Proxy-Status'];
    const own = [
      'Access-Control-Allow-Origin',
      'RateLimit',
      'RateLimit-Policy',
      'X-Request-Id',
      'Request-Id',
    ];
    upstream.say('HTTP/1.1 200 OK', ...[...canaries, ...own].map((name) => `${name}: canary`), ...OK);
    const { headers } = await ask({ headers: { Origin: 'https://app.example.com' } });

    expect(canaries.map((name) => headers.get(name))).toEqual([null, null, null]);
    for (const name of own) expect(headers.get(name)).toMatch(/^(?!.*canary)./);
  });

  test('can add to Vary', async () => {
    upstream.say('HTTP/1.1 200 OK', 'Vary: Accept', ...OK);

    expect((await ask()).headers.get('vary')).toBe('Origin, Accept');
  });

  test('may send Content-Length with a 304', async () => {
    upstream.say('HTTP/1.1 304 Not Modified', 'ETag: "1"', 'Connection: close', 'Content-Length: 20', '', '');
    const { status, headers } = await ask({ headers: { 'If-None-Match': '"1"' } });

    expect([status, headers.get('etag')]).toEqual([304, '"1"']);
  });

  test.each([
    ['a status that there is not', 'HTTP/1.1 099 Odd'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols'],
    ['what is no HTTP', 'SSH-2.0-server'],
  ])('that answers with %s is a 502', async (_name, line) => {
    upstream.say(line, ...OK);
    const answer = await ask();

    expect([answer.status, await answer.json()]).toEqual([
      502,
      { error: 'upstream_failed', error_description: expect.any(String) },
    ]);
  });

  test('that fails a request with a body is a 502, and is logged', async () => {
    upstream.say('');
    const { status } = await ask({ method: 'POST', body: 'x'.repeat(100_000) });

    expect(status).toBe(502);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ status: 502, ip: '127.0.0.1', failure: expect.stringContaining('Error') }),
    ]);
  });

  test('that responds before the end of the body leaves the client connection usable', async () => {
    upstream.say('HTTP/1.1 413 Content Too Large', ...OK);
    const socket = connect(Number(new URL(gateway.origin).port), '127.0.0.1');
    const head = (length: number, connection: string): string =>
      `POST /proxy/reports HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${length}\r\nConnection: ${connection}\r\n\r\n`;
    socket.write(`${head(5_000_000, 'keep-alive')}${'x'.repeat(5_000_000)}${head(1, 'close')}x`);

    expect((await text(socket)).match(/^HTTP\/1.1 \d+|(?<=ok)HTTP\/1.1 \d+/g)).toEqual([
      'HTTP/1.1 413',
      'HTTP/1.1 413',
    ]);
  });
});

test.each([
  [new errors.ConnectTimeoutError(), 504],
  [new errors.HeadersTimeoutError(), 504],
  [new errors.SocketError('other side closed'), 502],
  [undefined, 502],
])('%s is answered with %d', (cause, status) => {
  expect(describeUpstreamFailure(cause).status).toBe(status);
});
