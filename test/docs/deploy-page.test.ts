import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { readSettings } from '../../examples/gateway/settings.js';
import { loadFiles } from '../support/api-key-files.js';
import { buildGateway } from '../support/build-gateway.js';
import { composeShape, GATEWAY, readCompose } from '../support/deployment-files.js';
import { readDockerfile } from '../support/dockerfile.js';
import { readPageBlocks } from '../support/page-blocks.js';
import { findFreePort, type RunningProgram, startCommand, untilListening } from '../support/processes.js';
import { describeWithRedis } from '../support/redis.js';
import { untilAccepting } from '../support/until-accepting.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const blocks = await readPageBlocks(new URL('../../docs/guides/deploy.md', import.meta.url));

let directory = '';
let deploy = '';

/** Returns a block, with the directory of the test in place of /etc/gateway. */
function readBlock(name: string): string {
  return (blocks.get(name) ?? 'false').replaceAll('/etc/gateway', join(directory, 'gateway'));
}

function paste(name: string): string {
  const script = readBlock(name);
  return execFileSync('bash', ['-euo', 'pipefail', '-c', script], { cwd: directory, encoding: 'utf8' });
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'passport-jwe-deploy-'));
  deploy = join(directory, 'examples/gateway/deploy');
  mkdirSync(deploy, { recursive: true });
  symlinkSync(join(ROOT, 'dist'), join(directory, 'dist'));
  paste('deploy-secrets');
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('the commands for secrets', () => {
  test('create every secret of compose.yaml in a private directory', () => {
    const files = Object.values(composeShape.parse(readCompose()).secrets).map(({ file }) =>
      join(directory, 'examples/gateway', file),
    );

    expect(files.filter((file) => !existsSync(file))).toEqual([]);
    expect(new Set(files.map((file) => statSync(file).mode & 0o777))).toEqual(new Set([0o444]));
    expect(statSync(join(deploy, 'secrets')).mode & 0o777).toBe(0o700);
  });

  test('create secrets that the gateway accepts', () => {
    const { passphrase, salt, redisUrl } = readSettings({
      ...{ JWE_PASSPHRASE_FILE: join(deploy, 'secrets/jwe_passphrase') },
      ...{
        JWE_SALT_FILE: join(deploy, 'secrets/jwe_salt'),
        REDIS_URL_FILE: join(deploy, 'secrets/redis_url'),
      },
      ISSUER: 'https://gateway.example.com',
    });

    expect(Buffer.from(passphrase ?? '', 'base64')).toHaveLength(32);
    expect(Buffer.from(salt ?? '', 'base64')).toHaveLength(16);
    expect(new URL(redisUrl ?? '').hostname).toBe('redis');
  });

  test('create an API key file that the user of the container can read', () => {
    expect(paste('deploy-api-key')).toMatch(/\w{20}/);
    expect(readdirSync(join(deploy, 'secrets/api-keys'))).toEqual(['demo.yaml']);
    expect(statSync(join(deploy, 'secrets/api-keys/demo.yaml')).mode & 0o004).toBe(0o004);
  });
});

describe('the commands for a clone', () => {
  const configuration = () => join(directory, 'gateway');
  let apiKey = '';

  beforeAll(async () => {
    await buildGateway();
    mkdirSync(configuration(), { mode: 0o750 });
    mkdirSync(join(directory, 'examples/gateway/dist'), { recursive: true });
    symlinkSync(join(GATEWAY, 'dist/main.js'), join(directory, 'examples/gateway/dist/main.js'));
    apiKey = paste('deploy-configure').match(/^\S{30,}$/m)?.[0] ?? '';
    writeFileSync(join(configuration(), 'gateway.env'), readBlock('deploy-environment'));
  }, 60_000);

  test('write secrets that only the user of the gateway can read', () => {
    const modes = ['keys.json', 'redis_url'].map(
      (name) => statSync(join(configuration(), name)).mode & 0o077,
    );

    expect(modes).toEqual([0, 0]);
  });

  test('end with a configuration that the gateway accepts', () => {
    expect(() => paste('deploy-check')).not.toThrow();
  });

  test('start one instance without Redis, and obtain its models', async () => {
    const port = await findFreePort();
    const data = join(directory, 'data');
    const settings = readBlock('deploy-embedded')
      .replace('/var/lib/gateway', data)
      .replace('METRICS_PORT=9464', 'METRICS_PORT=0');
    const file = join(configuration(), 'embedded.env');
    writeFileSync(file, settings);
    const main = join(GATEWAY, 'dist/main.js');
    const program = startCommand([process.execPath, `--env-file=${file}`, main], { PORT: String(port) });
    await untilListening(program, port);
    const script = readBlock('deploy-try').replaceAll(':3001/', `:${port}/`);
    const environment = { ...process.env, API_KEY: apiKey };
    const output = execFileSync('bash', ['-euo', 'pipefail', '-c', script], {
      env: environment,
      encoding: 'utf8',
    });
    program.process.kill('SIGTERM');
    await program.ended;

    expect(output).toMatch(/"status":"ok".*"object":"list"/s);
  });

  test('write an API key file that accepts the models and limits of the page', async () => {
    const path = join(configuration(), 'api-keys/demo.yaml');
    const written = readFileSync(path, 'utf8');
    expect(written).toContain('rate_limits: {}');
    const fields = blocks.get('deploy-api-key-fields') ?? '';
    const { apiKeys } = await loadFiles(
      { 'demo.yaml': written.replace('rate_limits: {}\n', '') + fields },
      { OPENAI_API_KEY: 'sk-0123456789-abcdefghijkl' },
    );

    expect(apiKeys).toMatchObject([{ keyId: 'demo', models: [{ name: 'gpt' }] }]);
  });

  test('are those of the Dockerfile', () => {
    const steps = readDockerfile(join(GATEWAY, 'Dockerfile'))
      .flatMap(({ instructions }) => instructions)
      .filter(({ name, text }) => name === 'RUN' && text.startsWith('npm '))
      .map(({ text }) => text.replace(' --ignore-scripts', ''));

    expect(blocks.get('deploy-clone')?.trim().split('\n')).toEqual(steps);
  });
});

describe('the systemd unit', () => {
  const path = join(GATEWAY, 'deploy/systemd/gateway@.service');
  const unit = readFileSync(path, 'utf8');
  const readKey = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1];

  test('uses the paths of the page', () => {
    const page = readFileSync(join(ROOT, 'docs/guides/deploy.md'), 'utf8');
    const values = ['WorkingDirectory', 'User', 'EnvironmentFile'].map((key) => readKey(key) ?? 'missing');

    expect(values.filter((value) => !page.includes(value))).toEqual([]);
    expect(readKey('ExecStart')).toBe('/usr/bin/node --max-semi-space-size=8 examples/gateway/dist/main.js');
    expect(readKey('Environment')).toBe('PORT=%i');
  });

  test('gives the gateway enough time to stop', () => {
    const { shutdownDelayMs, shutdownTimeoutMs } = readSettings({ SHUTDOWN_DELAY_MS: '5000' });

    expect(Number(readKey('TimeoutStopSec')) * 1000).toBeGreaterThan(shutdownDelayMs + shutdownTimeoutMs);
  });

  const isInstalled = spawnSync('systemd-analyze', ['--version']).status === 0;
  (isInstalled ? test : test.skip)('is valid', () => {
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' });

    expect([status, stderr]).toEqual([0, '']);
  });
});

describe('npm start without development dependencies', () => {
  const prepare = () => {
    const clone = mkdtempSync(join(directory, 'clone-'));
    mkdirSync(join(clone, 'scripts'));
    writeFileSync(join(clone, 'package.json'), '{ "type": "module" }');
    writeFileSync(
      join(clone, 'scripts/prepare-start.js'),
      readFileSync(join(ROOT, 'scripts/prepare-start.js')),
    );
    return clone;
  };
  const run = (clone: string) =>
    spawnSync(process.execPath, [join(clone, 'scripts/prepare-start.js')], { encoding: 'utf8' });

  test('starts an existing build', () => {
    const clone = prepare();
    for (const path of ['dist/index.js', 'examples/gateway/dist/main.js']) {
      mkdirSync(join(clone, path, '..'), { recursive: true });
      writeFileSync(join(clone, path), '');
    }

    expect(run(clone).status).toBe(0);
  });

  test('states the commands that build the gateway if the build is missing', () => {
    const { status, stderr } = run(prepare());

    expect(status).toBe(1);
    expect(stderr).toContain('run npm ci && npm run build:gateway first');
  });
});

describeWithRedis('the Redis of compose.yaml', () => {
  let redis: RunningProgram;
  let port = 0;

  beforeAll(async () => {
    port = await findFreePort();
    const data = join(directory, 'redis');
    mkdirSync(data);
    const configuration = readFileSync(join(GATEWAY, 'deploy/redis/redis.conf'), 'utf8')
      .replace('/run/secrets/redis_auth', join(deploy, 'secrets/redis_auth.conf'))
      .replace('dir /data', `dir ${data}\nport ${port}`);
    const file = join(directory, 'redis.conf');
    writeFileSync(file, configuration);
    chmodSync(file, 0o644);
    redis = startCommand(['redis-server', file], {});
    await untilAccepting(port, redis.process);
  });

  const url = () =>
    readFileSync(join(deploy, 'secrets/redis_url'), 'utf8').trim().replace('redis:6379', `127.0.0.1:${port}`);

  afterAll(async () => {
    redis.process.kill('SIGKILL');
    await redis.ended;
  });

  test('requires the password of the URL', async () => {
    const client = new Redis(url());
    const stranger = new Redis(port).on('error', () => {});
    try {
      expect(await client.ping()).toBe('PONG');
      await expect(stranger.ping()).rejects.toThrow('NOAUTH');
    } finally {
      client.disconnect();
      stranger.disconnect();
    }
  });

  test('syncs each write and evicts nothing', async () => {
    const client = new Redis(url());
    try {
      const names = ['appendonly', 'appendfsync', 'maxmemory-policy'] as const;
      const values = await Promise.all(names.map((name) => client.config('GET', name)));
      expect(values.flat()).toEqual([
        ...['appendonly', 'yes', 'appendfsync', 'always', 'maxmemory-policy', 'noeviction'],
      ]);
    } finally {
      client.disconnect();
    }
  });
});
