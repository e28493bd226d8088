import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createLogger } from '../../examples/gateway/observability/request-log.js';
import { exchange, getDocuments, setUpGatewayPrograms } from '../support/gateway-programs.js';
import { modelKey } from '../support/model-gateway.js';
import { findFreePort } from '../support/processes.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';

const { directory, start, startAndWait, dataDir, readDemoApiKey } = setUpGatewayPrograms();

const PROVIDER_KEY = 'pk-canary-provider-0123456789';
const API_KEY = 'sk-canary-client-0123456789abcdef';

interface LogLine {
  readonly msg: string;
  readonly level: number;
  readonly [field: string]: unknown;
}

function linesOf(output: string): readonly LogLine[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));
}

test('each request is one log line, without its path, and each response has a request ID', async () => {
  const { program, origin } = await startAndWait();
  const token = await exchange(origin, await readDemoApiKey());
  const answer = await getDocuments(origin, token);
  await fetch(`${origin}/canary-path?canary=query`);
  await fetch(`${origin}/healthz`);
  program.process.kill('SIGTERM');
  await program.ended;
  const [, ...lines] = linesOf(program.output()).filter(({ msg }) => msg === 'request');

  // The first of all asked whether it listens.
  expect(lines).toMatchObject([
    { method: 'POST', route: '/oauth/token', status: 200, client_id: 'demo' },
    {
      ...{ method: 'GET', route: '/documents', status: 200, client_id: 'demo', level: 30 },
      ...{ request_id: answer.headers.get('x-request-id'), duration_ms: expect.any(Number) },
    },
    { method: 'GET', route: 'other', status: 404 },
  ]);
  expect(answer.headers.get('request-id')).toBe(answer.headers.get('x-request-id'));
  expect(program.output()).not.toContain('canary');
});

test('the line of a client that disconnected early has its identity, and no status', async () => {
  const { program, origin } = await startAndWait();
  const leaving = request(`${origin}/oauth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': '100' },
  });
  leaving.on('error', () => {});
  leaving.write('grant_type=');
  await once(leaving, 'socket');
  await fetch(`${origin}/healthz`);
  leaving.destroy();
  program.process.kill('SIGTERM');
  await program.ended;
  const line = linesOf(program.output()).findLast(({ msg }) => msg === 'request');

  expect(line).toMatchObject({ route: '/oauth/token', ip: '127.0.0.1', cut_short: true, level: 30 });
  expect(line).not.toHaveProperty('status');
});

test.each(['authorization', 'cookie', 'x-api-key', 'set-cookie'])(
  'a header %s is redacted if it is logged',
  (name) => {
    const written: string[] = [];
    const logger = createLogger({ write: (line) => void written.push(line) });
    const headers = { [name]: 'canary' };
    logger.info({ ...headers, headers, req: { headers }, res: { headers } }, 'mistake');

    expect(written.join('')).not.toContain('canary');
    expect(written.join('').split('[Redacted]')).toHaveLength(5);
  },
);

test('no secret is in any output of the gateway, for any failure', async () => {
  const provider = await startRecordingUpstream();
  provider.answer((res) => void res.end('canary-answer'));
  const apiKeysDir = join(directory(), 'api-keys');
  await mkdir(apiKeysDir);
  const model = (name: string, endpoint: string): string =>
    `{ name: ${name}, endpoint: "${endpoint}", api_key: ${PROVIDER_KEY} }`;
  await writeFile(
    join(apiKeysDir, 'a.yaml'),
    `api_key: ${API_KEY}\nkey_id: a\nname: a\n${modelKey([
      model('echo-1', 'echo:'),
      model('gone', 'http://127.0.0.1:1/v1/chat/completions'),
      model('garbled', `${provider.origin}/v1/chat/completions`),
    ])}`,
  );
  const passphrase = 'canary battery staple horse';
  const { program, origin } = await startAndWait({ API_KEYS_DIR: apiKeysDir, JWE_PASSPHRASE: passphrase });
  const token = await exchange(origin, API_KEY);
  const chat = (model: string, content: string, bearer = token): Promise<Response> =>
    fetch(`${origin}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${bearer}`,
        Cookie: 'canary-cookie',
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: `canary-prompt ${content}` }] }),
    });
  const texts = [];
  for (const answer of [
    await chat('echo-1', 'a'),
    await chat('echo-1', '!status=401'),
    await chat('echo-1', '!cut=0'),
    await chat('gone', 'a'),
    await chat('garbled', 'a'),
    await chat('echo-1', 'a', `${token}x`),
    await chat('echo-1', 'a', API_KEY),
  ]) {
    texts.push(await answer.text());
  }
  await writeFile(join(apiKeysDir, 'a.yaml'), `api_key: ${API_KEY}\nbroken: ${PROVIDER_KEY}\n`);
  program.process.kill('SIGTERM');
  await program.ended;
  await provider.close();
  const salt = await readFile(join(dataDir(), 'salt'), 'utf8');
  const written = program.output() + texts.slice(1).join('');

  const lines = linesOf(program.output());
  const failures = lines.flatMap(({ msg, failure }) => (msg === 'request' && failure ? [failure] : []));

  expect(lines.filter(({ msg }) => msg === 'completion')).toHaveLength(5);
  expect(failures).toEqual([
    'The provider responded with status 401',
    'other side closed',
    expect.stringContaining('ECONNREFUSED'),
    'The response of the provider is not a JSON object',
  ]);
  for (const secret of [
    token,
    API_KEY,
    PROVIDER_KEY,
    passphrase,
    salt.trim(),
    'canary-cookie',
    'canary-prompt',
    'canary-answer',
  ]) {
    expect(written).not.toContain(secret);
  }
});

test('a failed start prints no secret either', async () => {
  const { program } = await start({ JWE_PASSPHRASE: 'canary', REDIS_URL: 'redis://:canary@127.0.0.1:1' });

  expect(await program.ended).toBe(1);
  expect(program.output()).not.toContain('canary');
});

test('suspicious use is logged on its own line, and counted', async () => {
  const metricsPort = await findFreePort();
  const { program, origin } = await startAndWait({ METRICS_PORT: String(metricsPort) });
  for (let refusals = 0; refusals < 30; refusals += 1) await getDocuments(origin, 'no-token');
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  program.process.kill('SIGTERM');
  await program.ended;

  expect(metrics).toContain('gateway_alerts_total{kind="refusals_of_address"} 1');
  expect(linesOf(program.output()).find(({ msg }) => msg === 'suspicious use')).toMatchObject({
    level: 40,
    alert: { kind: 'refusals_of_address', address: '127.0.0.1', observed: 30, threshold: 30 },
  });
});
