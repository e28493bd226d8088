import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startInContainer } from '../support/container-root.js';
import { environmentOf, textOf } from '../support/dockerfile.js';
import { exchange } from '../support/gateway-programs.js';
import { type BuiltImage, buildImage, commandOf } from '../support/image-build.js';
import { findFreePort, type RunningProgram, untilListening } from '../support/processes.js';
import { describeWithDisks } from '../support/small-disk.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const USER = 10_001;
const API_KEY = 'demo_live_a3f19c0b7d2e4856';

describeWithDisks('the image of the gateway', () => {
  let directory = '';
  let image: BuiltImage;
  let port = 0;
  let gateway: RunningProgram;

  const startInImage = (command: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
    startInContainer({
      ...{ root: image.root, workdir: textOf(image.stage, 'WORKDIR'), user: textOf(image.stage, 'USER') },
      readOnly: true,
      mounts: {
        '/data': join(image.root, 'data'),
        '/etc/passport-jwe/api-keys': join(directory, 'api-keys'),
      },
      environment: { ...environmentOf(image.stage), ...environment },
      command,
    });

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'passport-jwe-image-'));
    image = await buildImage(join(ROOT, 'examples/gateway/Dockerfile'), ROOT, directory);
    await mkdir(join(directory, 'api-keys'));
    await writeFile(
      join(directory, 'api-keys', 'demo.yaml'),
      [
        `api_key: ${API_KEY}\nkey_id: demo\nname: Demo\ntype: tiered_model_exec\npermissions: [execute:models]`,
        'models: [{ name: echo-1, endpoint: "echo:", max_tokens: 64 }]',
        'rate_limits: { requests_per_minute: 60, tokens_per_minute: 10000 }\n',
      ].join('\n'),
    );
    await chmod(directory, 0o755);
    port = await findFreePort();
    gateway = startInImage(commandOf(image, 'ENTRYPOINT'), {
      ...{ PORT: String(port), ISSUER: 'http://127.0.0.1', AUDIENCE: 'http://127.0.0.1' },
      ...{ JWE_PASSPHRASE: 'a passphrase with enough entropy 7d1f', JWE_SALT: 'MDEyMzQ1Njc4OWFiY2RlZg' },
    });
    await untilListening(gateway, port);
  }, 600_000);

  afterAll(async () => {
    gateway?.process.kill('SIGKILL');
    await gateway?.ended;
    await rm(directory, { recursive: true });
  });

  test('contains neither a compiler nor sources nor source maps', async () => {
    const app = join(image.root, 'app');
    const modules = await readdir(join(app, 'node_modules'));
    const built = await readdir(join(app, 'dist'), { recursive: true });

    expect(modules.filter((name) => /^(typescript|esbuild|tsx|jest|@types|@swc)$/.test(name))).toEqual([]);
    expect(built.filter((path) => /(?<!\.d)\.ts$|\.map$/.test(path))).toEqual([]);
    expect(await readdir(app)).toEqual([
      'dist',
      'examples',
      'node_modules',
      'package-lock.json',
      'package.json',
    ]);
    expect(await readdir(join(app, 'examples/gateway'))).toEqual(['dist', 'package.json']);
  });

  test('runs as a user that can write to /data alone', async () => {
    const script = `
      const { writeFileSync } = require('node:fs');
      const directories = ['/', '/app', '/app/examples/gateway', '/etc/passport-jwe', '/data'];
      const writable = directories.filter((path) => { try { writeFileSync(path + '/probe', ''); return true; } catch { return false; } });
      console.log(JSON.stringify({ uid: process.getuid(), writable }));`;
    const probe = startInImage(['node', '-e', script]);
    await probe.ended;

    expect(JSON.parse(probe.output())).toEqual({ uid: USER, writable: ['/data'] });
  });

  test('has a private data directory of this user', async () => {
    const { uid, gid, mode } = await stat(join(image.root, 'data'));

    expect([uid, gid, mode & 0o777]).toEqual([USER, USER, 0o700]);
  });

  test('becomes ready', async () => {
    expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  });

  test('issues a token and serves a model', async () => {
    const token = await exchange(`http://127.0.0.1:${port}`, API_KEY);
    const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ model: 'echo-1', messages: [{ role: 'user', content: 'Hello, image' }] }),
    });

    expect(response.status).toBe(200);
    expect((await response.json()).choices[0].message.content).toBe('Hello, image');
  });

  test('has a health check that passes while the gateway runs, and fails otherwise', async () => {
    const healthy = startInImage(commandOf(image, 'HEALTHCHECK'), { PORT: String(port) });
    const unhealthy = startInImage(commandOf(image, 'HEALTHCHECK'), { PORT: String(await findFreePort()) });

    expect([await healthy.ended, await unhealthy.ended]).toEqual([0, 1]);
  });

  test('contains the command line of the package', async () => {
    const program = startInImage(['node', '/app/dist/cli/main.js', 'keys', 'list', '--help']);

    expect(await program.ended).toBe(0);
    expect(program.output()).toContain('Usage: passport-jwe keys list');
  });

  test('exits with 0 after SIGTERM', async () => {
    gateway.process.kill('SIGTERM');

    expect(await gateway.ended).toBe(0);
  });
});
