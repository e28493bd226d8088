import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { readSettings } from '../../examples/gateway/settings.js';
import {
  composeShape,
  findFaults,
  GATEWAY,
  readCompose,
  validateCompose,
} from '../support/deployment-files.js';
import { readDockerfile, readDockerIgnore, textOf } from '../support/dockerfile.js';
import { settingNames } from '../support/setting-names.js';

const compose = composeShape.parse(readCompose());
const services = Object.values(compose.services);
const environment = compose.services['gateway']?.environment ?? {};

describe('compose.yaml', () => {
  test('is valid by its schema', () => {
    expect(findFaults(validateCompose, readCompose())).toEqual([]);
  });

  test('is checked by a schema that rejects unknown fields', () => {
    expect(findFaults(validateCompose, { services: { x: { read_onyl: true } } })).toHaveLength(1);
  });

  test('runs the gateway, Redis and Prometheus', () => {
    expect(Object.keys(compose.services)).toEqual(['gateway', 'redis', 'prometheus']);
  });

  test('refers to networks, volumes, secrets and files that exist', () => {
    const secretFiles = services.flatMap(({ secrets = [] }) =>
      secrets.map((name) => compose.secrets[name]?.file),
    );
    const sources = services.flatMap(({ volumes }) => volumes.map((volume) => volume.split(':')[0] ?? ''));
    const named = sources.filter((source) => !source.startsWith('.'));
    const files = sources.filter(
      (source) => source.startsWith('.') && !source.startsWith('./deploy/secrets/'),
    );

    expect(secretFiles).toHaveLength(Object.keys(compose.secrets).length);
    expect(secretFiles.filter((file) => file?.startsWith('deploy/secrets/') !== true)).toEqual([]);
    expect(named.filter((name) => !(name in compose.volumes))).toEqual([]);
    expect(files.filter((file) => !existsSync(join(GATEWAY, file)))).toEqual([]);
    for (const { networks } of services) {
      expect(networks.filter((name) => !(name in compose.networks))).toEqual([]);
    }
  });

  test('sets only variables that the gateway reads, to values that it accepts', () => {
    const mounted = Object.entries(environment).filter(([name]) => name.endsWith('_FILE'));
    const plain = Object.entries(environment)
      .filter(([name]) => !name.endsWith('_FILE'))
      .map(([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')] as const);
    const secrets = { JWE_PASSPHRASE: 'passphrase', JWE_SALT: 'salt', REDIS_URL: 'redis://redis' };
    const image = { HOST: '0.0.0.0', API_KEYS_DIR: '/etc/passport-jwe/api-keys' };

    expect(Object.keys(environment).filter((name) => !settingNames().has(name))).toEqual([]);
    expect(mounted.map(([, path]) => path.replace('/run/secrets/', ''))).toEqual(
      compose.services['gateway']?.secrets,
    );
    expect(() => readSettings({ ...Object.fromEntries(plain), ...secrets, ...image })).not.toThrow();
  });

  test('runs the user of the image', () => {
    const image = readDockerfile(join(GATEWAY, 'Dockerfile')).at(-1);

    expect(compose.services['gateway']?.user).toBe(image && textOf(image, 'USER'));
  });

  test('gives the gateway enough time to shut down', () => {
    const { shutdownDelayMs, shutdownTimeoutMs } = readSettings({});
    const seconds = Number(compose.services['gateway']?.stop_grace_period?.replace('s', ''));

    expect(seconds * 1000).toBeGreaterThan(shutdownDelayMs + shutdownTimeoutMs + 5000);
  });

  test('collects metrics from the port of the settings', () => {
    const file = readFileSync(join(GATEWAY, 'deploy/prometheus/prometheus.yml'), 'utf8');

    expect(load(file)).toMatchObject({
      scrape_configs: [{ static_configs: [{ targets: [`gateway:${environment['METRICS_PORT']}`] }] }],
    });
  });

  test('keeps secrets outside Git and outside the image', () => {
    const isIgnored = readDockerIgnore(join(GATEWAY, 'Dockerfile.dockerignore'));
    const paths = Object.values(compose.secrets).map(({ file }) => `examples/gateway/${file}`);
    const git = spawnSync('git', ['check-ignore', ...paths], {
      cwd: join(GATEWAY, '../..'),
      encoding: 'utf8',
    });

    expect(git.stdout.trim().split('\n')).toEqual(paths);
    expect([...paths, 'examples/gateway/.data/keys.json', '.git/config'].map(isIgnored)).not.toContain(false);
    expect(['src/index.ts', 'examples/gateway/main.ts', 'package.json'].map(isIgnored)).not.toContain(true);
  });
});
