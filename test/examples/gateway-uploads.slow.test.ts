import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, request, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { exchange, type GatewayProgram, setUpGatewayPrograms } from '../support/gateway-programs.js';
import { listen } from '../support/http.js';

const UPLOADS = 100;
const CONCURRENT = 5;
const BODY_BYTES = 10_000_000;
const MAX_RSS_MB = 300;

/** Flag with which the image and the systemd unit start the gateway. */
const NODE_OPTIONS =
  /"(--max-semi-space-size=\d+)"/.exec(readFileSync('examples/gateway/Dockerfile', 'utf8'))?.[1] ?? '';

/** The gateway as JavaScript, because the TypeScript loader of the tests needs 80 MB. In `dist/`, it finds the package. */
const BUNDLE = `dist/gateway-uploads-${process.pid}.mjs`;

const programs = setUpGatewayPrograms(BUNDLE);
let provider: Server;
let providerPort: number;
/** Responses that wait until the test releases them. */
const held: ServerResponse[] = [];
let isHolding = true;

beforeAll(async () => {
  await build({
    ...{ entryPoints: ['examples/gateway/main.ts'], outfile: BUNDLE, bundle: true },
    ...{ format: 'esm', platform: 'node', packages: 'external' },
  });
  provider = createServer((req, res) => {
    req.resume().once('end', () => (isHolding ? void held.push(res) : answer(res)));
  });
  providerPort = await listen(provider);
});

beforeEach(() => {
  isHolding = true;
});

afterAll(async () => {
  await rm(BUNDLE, { force: true });
  provider.closeAllConnections();
  provider.close();
});

function answer(res: ServerResponse): void {
  const usage = { prompt_tokens: 10, completion_tokens: 1 };
  res.setHeader('Content-Type', 'application/json');
  res.end(JSON.stringify({ choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }], usage }));
}

/** Sends a chat in chunks of one byte. Resolves with the first line of the response. */
async function uploadInBytes({ port, token }: Pick<Target, 'port' | 'token'>, body: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const head = [
    ...['POST /v1/chat/completions HTTP/1.1', 'Host: gateway', `Authorization: Bearer ${token}`],
    ...['Content-Type: application/json', 'Transfer-Encoding: chunked', 'Connection: close', '', ''],
  ];
  socket.write(head.join('\r\n'));
  for (let at = 0; at < body.length; at += 10_000) {
    const chunks = [...body.slice(at, at + 10_000)].map((byte) => `1\r\n${byte}\r\n`);
    if (!socket.write(chunks.join(''))) await once(socket, 'drain');
  }
  socket.write('0\r\n\r\n');
  const received = await readText(socket);
  return received.slice(0, received.indexOf('\r\n'));
}

function releaseAll(): void {
  isHolding = false;
  for (const res of held.splice(0)) answer(res);
}

async function startGateway(): Promise<GatewayProgram> {
  const directory = join(programs.directory(), 'api-keys');
  await mkdir(directory);
  const key = [
    ...['api_key: sk-uploads', 'key_id: uploads', 'name: uploads', 'type: tiered_model_exec'],
    'permissions: [execute:models]',
    `models: [{ name: m, endpoint: "http://127.0.0.1:${providerPort}/v1/chat/completions", api_key: pk, max_tokens: 50 }]`,
    `rate_limits: { requests_per_minute: 1000, tokens_per_minute: 1000000000, concurrent_requests: ${CONCURRENT} }`,
  ];
  await writeFile(join(directory, 'uploads.yaml'), key.join('\n'));
  return programs.startAndWait({ API_KEYS_DIR: directory, NODE_OPTIONS });
}

interface Target {
  readonly port: number;
  readonly token: string;
  readonly agent: Agent;
}

function upload({ port, token, agent }: Target, body: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/json',
      'Content-Length': body.length,
    };
    const options = { port, host: '127.0.0.1', path: '/v1/chat/completions', method: 'POST', headers, agent };
    const sent = request(options, (res) => {
      res.resume().once('end', () => resolve(res.statusCode ?? 0));
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

async function peakRssMb({ program }: GatewayProgram): Promise<number> {
  const status = await readFile(`/proc/${program.process.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

/** A chat of about 10 MB: the start, repetitions of a part, and the end. */
function chatOf(start: string, part: string, end: string): Buffer {
  const count = Math.floor((BODY_BYTES - start.length - end.length) / Buffer.byteLength(part));
  return Buffer.from(start + part.repeat(count) + end);
}

const PROMPT = '{"model":"m","messages":[{"role":"user","content":"';

test.each([
  { what: 'ASCII text', body: chatOf(PROMPT, 'abcdefgh ', '"}]}') },
  {
    what: 'an image in base64',
    body: chatOf(
      '{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,',
      'iVBORw0KGgo=',
      '"}}]}]}',
    ),
  },
  { what: 'text that is not ASCII', body: chatOf(PROMPT, `${'abcdefgh '.repeat(1000)}ü€`, '"}]}') },
  { what: 'text of many languages', body: chatOf(PROMPT, 'Größe 漢字 😀 ', '"}]}') },
  {
    what: 'small content parts',
    body: chatOf(
      '{"model":"m","messages":[{"role":"user","content":[',
      '{"type":"text","text":"abcdefghijklmnopqrstuvwxyz"},',
      '{"type":"text","text":"b"}]}]}',
    ),
  },
  {
    what: 'tiny messages',
    body: chatOf(
      '{"model":"m","messages":[',
      `{"role":"user","content":"${'a'.repeat(80)}"},`,
      '{"role":"user","content":"b"}]}',
    ),
  },
])(
  '100 uploads of 10 MB need less than 300 MB: $what',
  async ({ body }) => {
    const gateway = await startGateway();
    const agent = new Agent({ keepAlive: true });
    const target = { port: gateway.port, token: await exchange(gateway.origin, 'sk-uploads'), agent };
    const statuses: number[] = [];
    const uploads = Array.from({ length: UPLOADS }, async () => {
      const status = await upload(target, body);
      statuses.push(status);
      // The provider answers after all other uploads were rejected.
      if (statuses.length === UPLOADS - CONCURRENT) releaseAll();
    });
    await Promise.all(uploads);
    const peak = await peakRssMb(gateway);
    expect(statuses.filter((status) => status === 429)).toHaveLength(UPLOADS - CONCURRENT);
    expect(statuses.filter((status) => status === 200)).toHaveLength(CONCURRENT);
    expect(await upload(target, body)).toBe(200);
    agent.destroy();

    expect(peak).toBeLessThan(MAX_RSS_MB);
  },
  120_000,
);

test('an upload of 1 MB in chunks of one byte needs less than 200 MB', async () => {
  isHolding = false;
  const gateway = await startGateway();
  const target = { port: gateway.port, token: await exchange(gateway.origin, 'sk-uploads') };

  expect(await uploadInBytes(target, `${PROMPT}${'a'.repeat(1_000_000)}"}]}`)).toBe('HTTP/1.1 200 OK');
  expect(await peakRssMb(gateway)).toBeLessThan(200);
}, 120_000);
