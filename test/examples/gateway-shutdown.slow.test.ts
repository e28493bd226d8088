import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type ClientRequest, type IncomingMessage, Agent as KeepAliveAgent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { Agent, Client } from 'undici';
import { exchange, getDocuments, setUpGatewayPrograms } from '../support/gateway-programs.js';
import { startModelGateway } from '../support/model-gateway.js';
import { describeWithRedis, withRedis } from '../support/redis.js';

const { directory, startAndWait } = setUpGatewayPrograms();

const CLIENTS = 40;
const STREAMS = 20;
const UPLOADS = 300;
const STORE_AWAY_MS = 2000;
const API_KEY = 'sk-shutdown-0123456789abcdef';
const BODY = JSON.stringify({ title: 'It comes slowly' });

/** Directory with the one API key of a test. */
async function writeApiKey(fields: string): Promise<string> {
  const apiKeysDir = join(directory(), 'api-keys');
  await mkdir(apiKeysDir);
  await writeFile(join(apiKeysDir, 'a.yaml'), `api_key: ${API_KEY}\nkey_id: a\nname: a\n${fields}`);
  return apiKeysDir;
}

/** A key that may do everything, so many times at once. */
function keyOf(concurrentRequests: number): string {
  const rates = 'requests_per_minute: 100000, requests_per_hour: 1000000, tokens_per_minute: 10000000';
  return [
    'type: tiered_model_exec',
    'permissions: [execute:models, read:documents, write:documents]',
    'models: [{ name: echo-1, endpoint: "echo:" }]',
    `rate_limits: { ${rates}, concurrent_requests: ${concurrentRequests} }`,
    '',
  ].join('\n');
}

/** A document whose head the gateway has, and whose body is on its way. */
async function beginUpload(origin: string, token: string, agent?: KeepAliveAgent): Promise<ClientRequest> {
  const upload = request(`${origin}/documents`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${token}`,
      ...{ 'Content-Type': 'application/json', 'Content-Length': BODY.length, Expect: '100-continue' },
    },
    ...(agent && { agent }),
  });
  upload.flushHeaders();
  await once(upload, 'continue');
  upload.write(BODY.slice(0, 5));
  return upload;
}

async function finishUpload(upload: ClientRequest) {
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    upload.once('response', resolve).once('error', reject);
  });
  upload.end(BODY.slice(5));
  const { statusCode, headers } = await answered.then((answer) => answer.resume());
  return [statusCode, headers.connection];
}

test('SIGTERM under load aborts no request and no stream', async () => {
  const apiKeysDir = await writeApiKey(keyOf(1000));
  const { program, origin } = await startAndWait({ API_KEYS_DIR: apiKeysDir, SHUTDOWN_DELAY_MS: '3000' });
  const token = await exchange(origin, API_KEY);
  const dispatcher = new Agent({ connections: CLIENTS });
  let isReady = true;
  let answered = 0;
  let afterwards = 0;
  let ended = false;

  const chat = async (content: string, stream: boolean): Promise<string> => {
    const { statusCode, body } = await dispatcher.request({
      ...{ origin, path: '/v1/chat/completions', method: 'POST' },
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'echo-1', stream, messages: [{ role: 'user', content }] }),
    });
    const text = await body.text();
    expect(statusCode).toBe(200);
    return text;
  };
  /** As a load balancer does, which sends no more once the gateway says that it is not ready. */
  const watch = async (): Promise<void> => {
    while (isReady) {
      isReady = (await fetch(`${origin}/readyz`)).ok;
      await pause(10);
    }
  };
  const client = async (): Promise<void> => {
    while (isReady) {
      expect(await chat('a b', false)).toContain('"content":"a b"');
      answered += 1;
      if (ended) afterwards += 1;
    }
  };
  const work = [
    watch(),
    ...Array.from({ length: CLIENTS }, client),
    ...Array.from({ length: STREAMS }, async () => {
      expect(await chat('!pace=20 !times=120 a', true)).toContain('data: [DONE]');
    }),
  ];
  while (answered < CLIENTS * 3) await pause(10);
  ended = true;
  program.process.kill('SIGTERM');
  await Promise.all(work);

  expect(await program.ended).toBe(0);
  expect(afterwards).toBeGreaterThan(0);
  expect(program.output()).not.toContain('cut off');
  await expect(fetch(`${origin}/readyz`)).rejects.toThrow();
  await dispatcher.destroy();
});

test('hundreds of slow bodies are read completely after the listener closed', async () => {
  const { program, origin } = await startAndWait({ API_KEYS_DIR: await writeApiKey(keyOf(1000)) });
  const token = await exchange(origin, API_KEY);
  const agent = new KeepAliveAgent({ keepAlive: true });
  const uploads = await Promise.all(Array.from({ length: UPLOADS }, () => beginUpload(origin, token, agent)));
  program.process.kill('SIGTERM');
  while (await fetch(`${origin}/healthz`).catch(() => undefined)) await pause(10);
  const answers = await Promise.all(uploads.map(finishUpload));

  expect(answers).toEqual(Array.from({ length: UPLOADS }, () => [201, 'close']));
  expect(await program.ended).toBe(0);
  expect(program.output()).not.toContain('cut off');
  agent.destroy();
});

test('while draining it accepts connections, reports that it is not ready, and closes them after the response', async () => {
  const gateway = await startModelGateway({
    keys: { demo: keyOf(1000) },
    environment: { SHUTDOWN_DELAY_MS: '2000' },
  });
  const get = async (path: string, headers = {}) => {
    const client = new Client(gateway.origin);
    const answer = await client.request({ method: 'GET', path, headers });
    const body = JSON.parse(await answer.body.text());
    await client.close();
    return { status: answer.statusCode, connection: answer.headers['connection'], body };
  };
  const authorization = `Bearer ${await gateway.tokenOf('demo')}`;
  const checks = { stores: true, revocations: true, keys: true, clock: true, accepting: true };
  expect(await get('/readyz')).toMatchObject({ status: 200, connection: 'keep-alive', body: { checks } });

  const closed = gateway.close();
  expect(await get('/readyz')).toEqual({
    ...{ status: 503, connection: 'close' },
    body: {
      status: 'unavailable',
      checks: { ...checks, accepting: false },
      details: [
        {
          check: 'accepting',
          reason: 'shutting_down',
          advice: 'None: the gateway finishes running requests',
        },
      ],
    },
  });
  expect(await get('/v1/models', { authorization })).toMatchObject({ status: 200, connection: 'close' });
  expect(await get('/healthz')).toMatchObject({ status: 200, connection: 'close' });
  await closed;
});

test('requests that do not finish in time are aborted, and logged', async () => {
  const { program, origin } = await startAndWait({ SHUTDOWN_TIMEOUT_MS: '300' });
  const hanging = request(`${origin}/oauth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': '100' },
  });
  const cutOff = once(hanging, 'error');
  hanging.write('grant_type=');
  await once(hanging, 'socket');
  await fetch(`${origin}/healthz`);
  program.process.kill('SIGTERM');
  await cutOff;

  expect(await program.ended).toBe(0);
  expect(program.output()).toContain('"cut_off":1');
});

describeWithRedis('several gateways', () => {
  test('release all slots at shutdown, although the store was unavailable when a request was aborted', async () => {
    await withRedis(async (redis) => {
      const environment = {
        API_KEYS_DIR: await writeApiKey(keyOf(1)),
        ...{ REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '500', SHUTDOWN_TIMEOUT_MS: '300' },
        ...{ JWE_PASSPHRASE: 'correct horse battery staple', JWE_SALT: 'b2f6c1d09e3a4875' },
        ...{ ISSUER: 'https://gateway.example.com', AUDIENCE: 'https://gateway.example.com' },
      };
      const [one, other] = await Promise.all([startAndWait(environment), startAndWait(environment)]);
      const token = await exchange(one.origin, API_KEY);
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
      const messages = [{ role: 'user', content: '!pace=100 !times=1000 a' }];
      const body = JSON.stringify({ model: 'echo-1', stream: true, messages });
      const stream = await fetch(`${one.origin}/v1/chat/completions`, { method: 'POST', headers, body });
      expect(stream.status).toBe(200);
      expect((await getDocuments(other.origin, token)).status).toBe(429);
      await redis.command('CLIENT', 'PAUSE', String(STORE_AWAY_MS), 'WRITE');
      one.program.process.kill('SIGTERM');
      await expect(stream.text()).rejects.toThrow();

      expect(await one.program.ended).toBe(0);
      expect(one.program.output()).toContain('"cut_off":1');
      await redis.command('CLIENT', 'UNPAUSE');
      expect((await getDocuments(other.origin, token)).status).toBe(200);
    });
  });
});
