import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formatHelp, formatValues, listSettings } from '../../examples/gateway/settings/describe-settings.js';
import { runOption } from '../../examples/gateway/settings/run-option.js';
import { suggestNames } from '../../examples/gateway/settings/suggest-names.js';
import { readSettings } from '../../examples/gateway/settings.js';
import { thrownBy } from '../support/caught.js';

const CANARY = 'canary-4f1d';
let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'passport-jwe-settings-'));
  writeFileSync(join(directory, 'secret'), `${CANARY}\n`);
  writeFileSync(join(directory, 'empty'), '\n');
});

afterAll(() => rmSync(directory, { recursive: true }));

const REDIS = { ISSUER: 'https://gateway.example.com', JWE_KEYS_FILE: 'keys.json' };

describe('the settings', () => {
  test('report all errors at once', () => {
    const read = () => readSettings({ PORT: 'x', DPOP: 'x', LOG_LEVEL: 'x', AUDIT_REQUIRED: 'true' });

    expect(String(Object(thrownBy(read)).message).split('\n')).toEqual([
      '4 settings are invalid:',
      '- PORT must be a port: an integer from 0 to 65535',
      expect.stringContaining('- DPOP must be'),
      '- LOG_LEVEL must be one of: trace, debug, info, warn, error, fatal, silent',
      '- AUDIT_REQUIRED requires AUDIT_FILE: set it too, or remove AUDIT_REQUIRED',
    ]);
  });

  test('that are set but invalid are not reported as missing', () => {
    const { message } = Object(thrownBy(() => readSettings({ HOST: '0.0.0.0', ISSUER: 'x' })));

    expect(message).toContain('- ISSUER must be');
    expect(message).toContain('also set JWE_KEYS_FILE or JWE_PASSPHRASE, API_KEYS_DIR');
  });

  test('with an empty value have their default', () => {
    const names = listSettings().map(({ name }) => [name, ''] as const);

    expect(readSettings(Object.fromEntries(names))).toEqual(readSettings({}));
  });

  test.each(['REDIS_URL', 'AUDIT_KEY', 'JWE_PASSPHRASE'])('reject an empty file in %s_FILE', (name) => {
    const variables = { ...REDIS, AUDIT_FILE: 'audit.log', [`${name}_FILE`]: join(directory, 'empty') };

    expect(() => readSettings(variables)).toThrow(`${name}_FILE names an empty file`);
  });

  test('are missing if a file contains one that is not secret', () => {
    const variables = { ...REDIS, ISSUER: '', ISSUER_FILE: 'issuer', REDIS_URL: 'redis://127.0.0.1' };

    expect(() => readSettings(variables)).toThrow('also set ISSUER');
  });

  test.each([`${REDIS.ISSUER}/`, 'https://a.example.com,https://a.example.com'])(
    'reject PREVIOUS_ISSUERS=%s, which contains ISSUER or a duplicate',
    (PREVIOUS_ISSUERS) => {
      expect(() => readSettings({ ...REDIS, PREVIOUS_ISSUERS })).toThrow('PREVIOUS_ISSUERS contains ISSUER');
    },
  );

  test.each(['REDISS://127.0.0.1', ' rediss://127.0.0.1'])(
    'reject REDIS_URL=%j, which would connect without TLS',
    (REDIS_URL) => {
      expect(() => readSettings({ ...REDIS, REDIS_URL })).toThrow(
        'REDIS_URL must be a redis:// or rediss:// URL',
      );
    },
  );

  test('reject HTTPS_PROXY with credentials that cannot be decoded', () => {
    const read = (password: string) =>
      readSettings({ HTTPS_PROXY: `http://gateway:${password}@proxy.example.com` });

    expect(() => read('100%')).toThrow('HTTPS_PROXY must be an http or https URL whose credentials');
    expect(() => read('100%25')).not.toThrow();
  });

  test('reject certificate authorities for a Redis connection without TLS', () => {
    const plain = { ...REDIS, REDIS_URL: 'redis://127.0.0.1', REDIS_TLS_CA_FILE: 'ca.pem' };

    expect(() => readSettings(plain)).toThrow('REDIS_TLS_CA_FILE requires TLS');
    expect(() => readSettings({ ...plain, REDIS_TLS: 'true' })).not.toThrow();
    expect(() => readSettings({ ...plain, REDIS_URL: 'rediss://127.0.0.1' })).not.toThrow();
  });

  test.each([
    ['127.0.0.1', 250],
    ['0.0.0.0', 5000],
  ])('delay the shutdown on HOST=%s by %i ms', (HOST, delay) => {
    const variables = { ...REDIS, HOST, API_KEYS_DIR: 'keys' };

    expect(readSettings(variables).shutdownDelayMs).toBe(delay);
  });

  test.each([
    ['90s', 'ROTATE_EVERY must be at least 1h'],
    ['30', 'ROTATE_EVERY must be an integer and a unit'],
    ['0d', 'ROTATE_EVERY must be an integer and a unit'],
  ])('reject ROTATE_EVERY=%s', (ROTATE_EVERY, message) => {
    expect(() => readSettings({ ROTATE_EVERY })).toThrow(message);
  });

  test.each([
    ['deny', { kind: 'deny' }],
    ['allow', { kind: 'allow' }],
    ['local:0.25', { kind: 'local', share: 0.25 }],
    ['local:1', { kind: 'local', share: 1 }],
  ])('parse ON_STORE_FAILURE=%s', (ON_STORE_FAILURE, expected) => {
    expect(readSettings({ ON_STORE_FAILURE }).onStoreFailure).toEqual(expected);
  });

  test.each(['local', 'local:0', 'local:1.5', 'local:0.00000', 'open'])(
    'reject ON_STORE_FAILURE=%s',
    (ON_STORE_FAILURE) => {
      expect(() => readSettings({ ON_STORE_FAILURE })).toThrow(
        'ON_STORE_FAILURE must be deny, allow, or local',
      );
    },
  );

  test('parse hosts and ports, including IPv6 addresses', () => {
    const nodes = readSettings({
      ...REDIS,
      REDIS_CLUSTER_NODES: 'redis-0:6379, [::1]:7000',
    }).redisClusterNodes;

    expect(nodes).toEqual([
      { host: 'redis-0', port: 6379 },
      { host: '[::1]', port: 7000 },
    ]);
  });

  test.each(['redis-0', 'redis-0:0', 'redis-0:65536', 'a b:1', ',', 'redis://a:1'])(
    'reject REDIS_CLUSTER_NODES=%s',
    (REDIS_CLUSTER_NODES) => {
      expect(() => readSettings({ ...REDIS, REDIS_CLUSTER_NODES })).toThrow(
        'REDIS_CLUSTER_NODES must be a comma-separated list of hosts with ports',
      );
    },
  );

  test('without another setting that they require are rejected', () => {
    const cases = {
      REDIS_PREFIX: 'gateway',
      REDIS_SENTINEL_NAME: 'primary',
      JWE_PREVIOUS_PASSPHRASE: CANARY,
      VAULT_PATH: 'gateway/jwe',
      PREVIOUS_ISSUERS: 'https://old.example.com',
      KEYS_TRUST_GROUP: 'true',
    };
    const accepted = Object.entries(cases).filter(
      ([name, value]) =>
        !String(thrownBy(() => readSettings({ [name]: value }))).includes(`${name} requires`),
    );

    expect(accepted).toEqual([]);
  });

  test('that select two stores or two sources of keys are rejected', () => {
    const read = () =>
      readSettings({
        ...REDIS,
        ...{ JWE_PASSPHRASE: CANARY, JWE_SALT: CANARY },
        ...{ REDIS_URL: 'redis://127.0.0.1', REDIS_CLUSTER_NODES: 'a:1' },
      });

    expect(read).toThrow('REDIS_URL and REDIS_CLUSTER_NODES cannot be combined');
    expect(read).toThrow('JWE_KEYS_FILE and JWE_PASSPHRASE cannot be combined');
  });

  test('never contain their value in an error', () => {
    const messageOf = (name: string): string => {
      try {
        readSettings({ [name]: `${CANARY} <` });
        return '';
      } catch (failure) {
        return String(failure);
      }
    };
    const messages = listSettings().map(({ name }) => messageOf(name));

    expect(messages.filter((message) => message !== '').length).toBeGreaterThan(20);
    expect(messages.join()).not.toContain(CANARY);
  });
});

describe('--print-config', () => {
  test('prints values and defaults, but no secrets', () => {
    const secrets = {
      ...{ DEMO_API_KEY: CANARY, JWE_SALT: CANARY, JWE_PASSPHRASE_FILE: join(directory, 'secret') },
      ...{ HTTPS_PROXY: `http://user:${CANARY}@proxy.example.com`, VAULT_TOKEN: CANARY },
      ...{ AUDIT_FILE: '/var/log/audit.jsonl', AUDIT_KEY: 'c'.repeat(64) },
    };
    const lines = formatValues({ ...secrets, PORT: '8080' }).split('\n');

    expect(lines).toContain('PORT=8080');
    expect(lines).toContain('# HOST: 127.0.0.1 (default)');
    expect(lines).toContain('# JWE_PASSPHRASE: secret, from JWE_PASSPHRASE_FILE');
    expect(lines).toContain('# HTTPS_PROXY: secret');
    expect(lines.join()).not.toContain(CANARY);
    expect(lines.join()).not.toContain('c'.repeat(64));
    expect(lines).toHaveLength(listSettings().length);
  });

  test('throws all errors', () => {
    expect(() => runOption(['--print-config'], { PORT: 'x' })).toThrow('PORT must be a port');
  });
});

describe('the command line', () => {
  test('starts the gateway without arguments', () => {
    expect(runOption([], { PORT: 'x' })).toBeUndefined();
  });

  test('checks the settings', () => {
    expect(runOption(['--check-config'], {})).toEqual({ output: 'The settings are valid.', warnings: [] });
    expect(() => runOption(['--check-config'], { PORT: 'x' })).toThrow('PORT must be a port');
  });

  test('lists every setting with --help', () => {
    const help = formatHelp();

    expect(listSettings().filter(({ name }) => !help.includes(`  ${name}`))).toEqual([]);
    expect(runOption(['--help'], { PORT: 'x' })?.output).toBe(help);
  });

  test.each([['--version'], ['start'], ['--help --help']])('rejects %s', (args) => {
    expect(() => runOption(args.split(' '), {})).toThrow('The arguments are not known');
  });
});

describe('a name that is similar to a setting', () => {
  test('is reported without its value', () => {
    const warnings = suggestNames({ REDIS_URI: CANARY, JWE_PASSPRASE: CANARY, JWE_PASSPHRASE_FIL: CANARY });

    expect(warnings).toEqual([
      'REDIS_URI is not a setting of the gateway. Check whether it should be REDIS_URL',
      'JWE_PASSPRASE is not a setting of the gateway. Check whether it should be JWE_PASSPHRASE',
      'JWE_PASSPHRASE_FIL is not a setting of the gateway. Check whether it should be JWE_PASSPHRASE_FILE',
    ]);
  });

  test('is not reported if it is short, different, or a setting', () => {
    const names = [
      'PORTS',
      'HOSTNAME',
      'REDIS_SERVICE_HOST',
      'REDIS_PORT',
      'VAULT_CACERT',
      'REDIS_URL',
      'PATH',
    ];

    expect(suggestNames(Object.fromEntries(names.map((name) => [name, CANARY])))).toEqual([]);
  });
});
