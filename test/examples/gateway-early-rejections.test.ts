import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { request as undiciRequest } from 'undici';
import { createGatewayServer } from '../../examples/gateway/server.js';
import { collectionsBy } from '../support/forced-collections.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';

const PATH = '/v1/chat/completions';
const MODEL = '{ name: echo-1, endpoint: "echo:", max_tokens: 5 }';
const CHAT = JSON.stringify({ model: 'echo-1', messages: [{ role: 'user', content: 'Hi' }] });
const UPLOAD = Buffer.alloc(10_000_000, 'x');

let gateway: ModelGateway;
let home: string;
/** Token of a key that can send one request per minute, and has sent it. */
let spent: string;
let token: string;

const KEYS = ['keeps', 'tokens'];

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'passport-jwe-uploads-'));
  await writeFile(join(home, 'upload'), UPLOAD);
  const limited = `${modelKey([MODEL]).replace('requests_per_minute: 100000', 'requests_per_minute: 1')}`;
  const keys = Object.fromEntries(KEYS.map((keyId) => [keyId, modelKey([MODEL])]));
  const invalid = modelKey([MODEL]).replace('requests_per_hour: 1000000', 'requests_per_hour: 100');
  gateway = await startModelGateway({ keys: { ...keys, limited, invalid } });
});

afterAll(async () => {
  await gateway.close();
  await rm(home, { recursive: true });
});

beforeEach(async () => {
  spent ??= await gateway.tokenOf('limited');
  token = await gateway.tokenOf('keeps');
  await post(spent, CHAT);
});

function post(bearer: string, body: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' };
  return fetch(gateway.origin + PATH, { method: 'POST', headers, body });
}

const headersOf = (bearer: string, length: number) => ({
  authorization: `Bearer ${bearer}`,
  'content-type': 'application/json',
  'content-length': String(length),
});

/** Sends the head of a request, and the body when the server asks for it. Resolves with all that the server sent. */
function expectContinue(bearer: string, body: string, length = body.length): Promise<string> {
  const { hostname, port } = new URL(gateway.origin);
  const fields = Object.entries(headersOf(bearer, length)).map(([name, value]) => `${name}: ${value}`);
  const head = [`POST ${PATH} HTTP/1.1`, 'Host: gateway', 'Expect: 100-continue', ...fields, '', ''];
  return new Promise((resolve, reject) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => socket.write(head.join('\r\n')));
    socket.on('data', (data) => {
      received += data;
      if (/^HTTP\/1\.1 100 [^\r]*\r\n\r\n$/.test(received)) socket.write(body);
      if (received.includes('"choices"')) socket.end();
    });
    socket.once('close', () => resolve(received)).once('error', reject);
  });
}

/** Sends the 10 MB, and resolves with the status of the response. */
function upload(agent?: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: headersOf(spent, UPLOAD.length), agent };
    request(gateway.origin + PATH, options, (res) => {
      res.resume().once('end', () => resolve(res.statusCode));
    })
      .once('error', reject)
      .end(UPLOAD);
  });
}

describe('a request beyond the limits that is still uploading 10 MB receives the 429', () => {
  test('with the client of Node.js', async () => {
    expect(await upload()).toBe(429);
  });

  test('while the gateway frees the buffers of the body', async () => {
    // The response to the second request follows the end of the first body.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const collections = await collectionsBy(() => Promise.all([upload(agent), upload(agent)]));
    agent.destroy();

    expect(collections.length).toBeGreaterThanOrEqual(2);
  });

  test('with undici', async () => {
    const headers = headersOf(spent, UPLOAD.length);
    const { statusCode, body } = await undiciRequest(gateway.origin + PATH, {
      ...{ method: 'POST', headers, body: UPLOAD },
    });
    await body.dump();

    expect(statusCode).toBe(429);
  });

  test.each([
    ['without', ['-H', 'Expect:']],
    ['with', ['-H', 'Expect: 100-continue']],
  ])('with curl, %s Expect', async (_with, expectation) => {
    const fields = ['-H', `Authorization: Bearer ${spent}`, '-H', 'Content-Type: application/json'];
    const sent = ['--data-binary', `@${join(home, 'upload')}`, gateway.origin + PATH];
    const options = ['-sS', '-o', join(home, 'answer'), '-w', '%{http_code}'];
    const { stdout } = await promisify(execFile)('curl', [...options, ...fields, ...expectation, ...sent]);

    expect(stdout).toBe('429');
  });
});

describe('a client that expects 100 Continue', () => {
  test('receives the 429 instead, and the connection closes', async () => {
    const received = await expectContinue(spent, CHAT);

    expect(received).toMatch(/^HTTP\/1\.1 429 /);
    expect(received).toMatch(/\r\nConnection: close\r\n/);
  });

  test('sends the body of an admitted request, and keeps the connection', async () => {
    const received = await expectContinue(token, CHAT);

    expect(received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    expect(received).toMatch(/\r\nConnection: keep-alive\r\n/);
  });
});

test.each([
  { what: 'is not JSON', body: '{', status: 400 },
  { what: 'names an unknown model', body: CHAT.replace('echo-1', 'other'), status: 403 },
])('a body that $what costs a request, and no tokens', async ({ body, status }) => {
  const bearer = await gateway.tokenOf('invalid');
  const before = await post(bearer, body);
  const after = await post(bearer, body);
  const requestsLeft = ({ headers }: Response) =>
    Number(/"requests_per_hour";r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);

  expect([before.status, after.status]).toEqual([status, status]);
  expect(requestsLeft(before) - requestsLeft(after)).toBe(1);
  expect(after.headers.get('ratelimit')).toContain('"tokens_per_minute";r=10000000');
});

describe('a body that is longer than 32 MiB receives a 413', () => {
  test('before the upload, if its length is declared', async () => {
    const received = await expectContinue(token, CHAT, 32 * 1024 * 1024 + 1);

    expect(received).toMatch(/^HTTP\/1\.1 413 /);
    expect(received).toContain('"type":"request_too_large"');
  });

  test('during the upload, if it is chunked', async () => {
    const { statusCode, body } = await undiciRequest(gateway.origin + PATH, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: Readable.from(Array<Buffer>(4).fill(UPLOAD)),
    });

    expect(statusCode).toBe(413);
    expect(await body.json()).toMatchObject({
      error: { message: expect.stringContaining('33554432 bytes') },
    });
  });
});

test('a chunked body grows to its length', async () => {
  const content = 'ä'.repeat(500_000);
  const parts = [CHAT.slice(0, -4), content.slice(0, 100_001), content.slice(100_001), CHAT.slice(-4)];
  const { statusCode, body } = await undiciRequest(gateway.origin + PATH, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: Readable.from(parts.map((part) => Buffer.from(part))),
  });

  expect(statusCode).toBe(200);
  expect(await body.text()).toContain(content);
});

test('the RateLimit header counts the reserved tokens', async () => {
  const { headers } = await post(await gateway.tokenOf('tokens'), CHAT);
  const left = Number(/"tokens_per_minute";r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);

  expect(left).toBeLessThan(10_000_000 - 5);
});

test('the server limits the time of a slow upload, which holds a slot', () => {
  const settings = {
    ...{ host: '127.0.0.1', port: 0, keepAliveTimeoutMs: 5000 },
    ...{ shutdownDelayMs: 0, shutdownTimeoutMs: 0 },
  };

  expect(createGatewayServer(settings).server.requestTimeout).toBe(300_000);
});
