import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createAuditTrail } from 'passport-jwe';
import { type Gateway, startGateway } from '../../examples/gateway/gateway.js';
import { readSettings } from '../../examples/gateway/settings.js';
import { exchange, getDocuments, setUpGatewayPrograms } from '../support/gateway-programs.js';
import { startProgram } from '../support/processes.js';

const { directory, dataDir, start, startAndWait, readDemoApiKey } = setUpGatewayPrograms();

describe('the gateway without settings', () => {
  test('generates private keys and a private demo API key', async () => {
    await startAndWait();
    const files = await readdir(dataDir());
    const modes = await Promise.all(
      files.map(async (name) => (await stat(join(dataDir(), name))).mode & 0o777),
    );

    expect(files.sort()).toEqual(['demo-api-key', 'keys.json', 'store', 'store.generation']);
    expect((await stat(dataDir())).mode & 0o777).toBe(0o700);
    expect(modes.sort()).toEqual([0o600, 0o600, 0o600, 0o700]);
  });

  test('keeps them, so that tokens outlive a restart', async () => {
    const service = { ISSUER: 'https://gateway.example.com', AUDIENCE: 'https://gateway.example.com' };
    const first = await startAndWait(service);
    const token = await exchange(first.origin, await readDemoApiKey());
    first.program.process.kill('SIGTERM');
    await first.program.ended;
    const second = await startAndWait(service);

    expect((await getDocuments(second.origin, token)).status).toBe(200);
  });

  test('creates one key ring if two start concurrently for the first time', async () => {
    const service = { ISSUER: 'https://gateway.example.com', AUDIENCE: 'https://gateway.example.com' };
    const [one, other] = await Promise.all([startAndWait(service), startAndWait(service)]);
    const token = await exchange(one.origin, await readDemoApiKey());

    expect((await getDocuments(other.origin, token)).status).toBe(200);
    expect((await readdir(dataDir())).sort()).toEqual([
      'demo-api-key',
      'keys.json',
      'store',
      'store.generation',
    ]);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('shuts down cleanly on %s', async (signal) => {
    const { program } = await startAndWait();
    program.process.kill(signal);

    expect(await program.ended).toBe(0);
  });

  test('shuts down although a client never finishes its request', async () => {
    const { program, port } = await startAndWait();
    const socket = connect(port, '127.0.0.1', () =>
      socket.write('POST /oauth/token HTTP/1.1\r\nHost: x\r\n'),
    );
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.on('error', () => {});
    program.process.kill('SIGTERM');

    expect(await program.ended).toBe(0);
    socket.destroy();
  });

  test('prints no token and no root secret, and the demo API key only in the curl command', async () => {
    const { program, origin } = await startAndWait();
    const token = await exchange(origin, await readDemoApiKey());
    await getDocuments(origin, token);
    await getDocuments(origin, `${token}x`);
    const root = JSON.parse(await readFile(join(dataDir(), 'keys.json'), 'utf8')).keys[0].k;

    expect(program.output()).toContain('token.issued');
    expect(program.output()).not.toContain(token);
    expect(program.output()).not.toContain(root);
    expect(program.output().split(await readDemoApiKey())).toHaveLength(2);
  });
});

describe('the configured gateway', () => {
  test('rejects a public HOST with generated secrets', async () => {
    const { program } = await start({ HOST: '0.0.0.0' });

    expect(await program.ended).toBe(1);
    expect(program.output()).toContain('set JWE_KEYS_FILE or JWE_PASSPHRASE, ISSUER, API_KEYS_DIR');
    await expect(stat(dataDir())).rejects.toThrow('ENOENT');
  });

  test('rejects a DATA_DIR that other users can write to', async () => {
    await mkdir(dataDir());
    await chmod(dataDir(), 0o777);
    const { program } = await start();

    expect(await program.ended).toBe(1);
    expect(program.output()).toContain('chmod 700');
  });

  test.each(['PORT', 'METRICS_PORT'])('names %s if the port is in use', async (setting) => {
    const { port } = await startAndWait();
    const { program } = await start({ [setting]: String(port) });

    expect(await program.ended).toBe(1);
    expect(program.output()).toContain(`Port ${port} is in use: set ${setting} to`);
  });

  test('reads a passphrase from a file and keeps a salt for it', async () => {
    const file = join(directory(), 'passphrase');
    await writeFile(file, 'correct horse battery staple\n');
    const { origin } = await startAndWait({ JWE_PASSPHRASE_FILE: file });
    const token = await exchange(origin, await readDemoApiKey());

    expect((await getDocuments(origin, token)).status).toBe(200);
    expect((await readdir(dataDir())).sort()).toEqual(['demo-api-key', 'salt', 'store', 'store.generation']);
  });

  test('names the file, line and field of an invalid configuration, and exits', async () => {
    const apiKeysDir = await mkdtemp(join(directory(), 'keys-'));
    await writeFile(
      join(apiKeysDir, 'a.yaml'),
      'api_key: sk-canary-value\nname: A\ntype: refresh\nrate_limits: {}\n',
    );
    const { program } = await start({ API_KEYS_DIR: apiKeysDir });

    expect(await program.ended).toBe(1);
    expect(program.output()).toContain('a.yaml:3:1 type: must be one of');
    expect(program.output()).not.toContain('sk-canary-value');
  });

  test('exits if the start fails after the port is open', async () => {
    const { program } = await start({ AUDIENCE: 'ftp://files.example.com' });

    expect(await program.ended).toBe(1);
    expect(program.output()).toContain('resource must be an absolute https URL');
  });

  test('reloads its API keys while it runs', async () => {
    const apiKeysDir = await mkdtemp(join(directory(), 'keys-'));
    // It is asked as fast as it answers.
    const limits = '{ requests_per_minute: 1000000, requests_per_hour: 1000000 }';
    const file = (more: string): string =>
      `api_key: sk-live-0123456789abcdef\nname: Live\ntype: api_call\nrate_limits: ${limits}\npermissions: [read:documents]\n${more}`;
    await writeFile(join(apiKeysDir, 'live.yaml'), file(''));
    const { origin } = await startAndWait({ API_KEYS_DIR: apiKeysDir });
    const token = await exchange(origin, 'sk-live-0123456789abcdef');
    const statusOf = async (): Promise<number> => (await getDocuments(origin, token)).status;
    expect(await statusOf()).toBe(200);
    await writeFile(join(apiKeysDir, 'live.yaml'), 'broken');
    await writeFile(join(apiKeysDir, 'live.yaml'), file('active: false\n'));
    const changedAt = performance.now();
    while ((await statusOf()) === 200) expect(performance.now() - changedAt).toBeLessThan(5000);

    expect(await statusOf()).toBe(401);
  });

  test('requires the shared settings of several instances with Redis', () => {
    expect(() => readSettings({ REDIS_URL: 'redis://127.0.0.1' })).toThrow(
      'Settings are missing: with REDIS_URL, also set JWE_KEYS_FILE or JWE_PASSPHRASE, ISSUER',
    );
  });

  test.each([['http'], ['65536'], ['-1']])('rejects %s as a port', (PORT) => {
    expect(() => readSettings({ PORT })).toThrow('PORT');
  });
});

describe('the routes of the gateway', () => {
  let home = '';
  let gateway: Gateway;
  let token = '';

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'passport-jwe-routes-'));
    const settings = readSettings({ PORT: '0', DATA_DIR: join(home, 'data') });
    gateway = await startGateway(settings, createAuditTrail({ sinks: [] }));
    token = await exchange(gateway.origin, gateway.demoApiKey ?? '');
  });

  afterAll(async () => {
    await gateway.close();
    await rm(home, { recursive: true });
  });

  const post = (path: string, body: string) =>
    fetch(gateway.origin + path, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body,
    });
  const chat = (content: unknown) =>
    JSON.stringify({ model: 'echo-1', messages: [{ role: 'user', content }] });

  test('require a token, except the health probes', async () => {
    const paths = [
      '/documents',
      '/admin/configurations',
      '/v1/models',
      '/v1/chat/completions',
      '/healthz',
      '/readyz',
    ];
    const statuses = await Promise.all(
      paths.map(async (path) => (await fetch(gateway.origin + path)).status),
    );

    expect(statuses).toEqual([401, 401, 401, 401, 200, 200]);
  });

  test("complete a chat with the echo model, in OpenAI's format", async () => {
    const answer = JSON.parse(await (await post('/v1/chat/completions', chat('Hello there'))).text());

    expect(answer).toMatchObject({
      object: 'chat.completion',
      model: 'echo-1',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hello there' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 },
    });
  });

  test('limit the answer to the max_tokens of the model', async () => {
    const answer = JSON.parse(await (await post('/v1/chat/completions', chat('word '.repeat(300)))).text());

    expect(answer.choices[0].finish_reason).toBe('length');
    expect(answer.usage.completion_tokens).toBe(256);
  });

  test.each([
    ['/documents', '{"title":', 400],
    ['/documents', '{"title":7}', 400],
    ['/documents', JSON.stringify({ title: 'x'.repeat(201) }), 400],
    ['/documents', JSON.stringify({ title: 'x'.repeat(20_000) }), 413],
  ])('answer %s with %s by %i', async (path, body, status) => {
    const answer = await post(path, body);

    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ error: expect.any(String), error_description: expect.any(String) });
  });

  test.each([
    ['{"model":', 400],
    ['{}', 400],
    ['null', 400],
    ['{"model":"echo-1","messages":[]}', 400],
    ['{"model":"echo-1","messages":[null]}', 400],
    ['{"model":"echo-1","messages":[{"content":"a"}]}', 400],
    ['{"model":"echo-1","messages":[{"role":"user","content":{"a":1}}]}', 400],
    ['{"model":"echo-1","messages":[{"role":"user","content":"a"}],"max_tokens":-1}', 400],
    ['{"model":"gpt-4","messages":[{"role":"user","content":"a"}]}', 403],
    ['{"model":"__proto__","messages":[{"role":"user","content":"a"}]}', 403],
  ])('answer a chat of %s with %i, in a format for model clients', async (body, status) => {
    const answer = await post('/v1/chat/completions', body);

    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({
      type: 'error',
      error: {
        type: status === 400 ? 'invalid_request_error' : 'permission_error',
        ...{ code: expect.any(String), message: expect.any(String), param: null },
      },
      request_id: answer.headers.get('request-id'),
    });
  });
});

describe('npm run tour', () => {
  test('runs every step and exits with 0', async () => {
    const tour = startProgram('examples/gateway/tour.ts', {});

    expect(await tour.ended).toBe(0);
    expect(tour.output()).toContain('5. Revoke the token');
    expect(tour.output()).toContain('The DPoP proof is not valid: it was used before');
    expect(tour.output()).toContain('That is the tour.');
  });
});
