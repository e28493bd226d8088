// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of variables in API-key files
import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { digestSecret } from '../../src/api-keys/api-key-registry.js';
import { readApiKeyFile } from '../../src/api-keys/read-api-key-file.js';
import {
  faultsOf,
  loadFile,
  loadFiles,
  MINIMAL_FILE,
  problemsOf,
  withDirectory,
} from '../support/api-key-files.js';
import { NOW } from '../support/tokens.js';

const LIMIT_BYTES = 64 * 1024;

describe('the file', () => {
  test('returns the key and its digest', async () => {
    await withDirectory({ 'a.yaml': MINIMAL_FILE }, async (directory) => {
      const reading = await readApiKeyFile(join(directory, 'a.yaml'), {});
      expect(reading).toMatchObject({
        ok: true,
        key: { apiKey: { keyId: 'minimal' }, digest: digestSecret('k-minimal') },
      });
    });
  });

  test('may have 64 KiB', async () => {
    const content = MINIMAL_FILE.padEnd(LIMIT_BYTES, '#\n');
    expect(Buffer.byteLength(content)).toBe(LIMIT_BYTES);
    expect((await loadFile(content)).keyId).toBe('minimal');
  });

  test('must not have more', async () => {
    expect(await problemsOf({ 'a.yaml': MINIMAL_FILE.padEnd(LIMIT_BYTES + 1, '#\n') })).toEqual([
      { file: 'a.yaml', line: 1, column: 1, path: '', message: 'must have at most 65536 bytes' },
    ]);
  });

  test.each([
    ['a lone continuation byte', [0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['Latin-1', [0xe9, 0x0a]],
  ])('must be encoded in UTF-8: save the file as UTF-8, not %s', async (_, bytes) => {
    const content = Buffer.concat([Buffer.from(MINIMAL_FILE), Buffer.from('# '), Buffer.from(bytes)]);
    expect(await problemsOf({ 'a.yaml': content })).toEqual([
      {
        file: 'a.yaml',
        line: 1,
        column: 1,
        path: '',
        message: 'must be encoded in UTF-8: save the file as UTF-8',
      },
    ]);
  });

  test.each(['', '\n', '# nothing\n'])('must not be empty: %j', async (content) => {
    expect(await faultsOf(content)).toEqual([
      ': must contain exactly one YAML document: use a separate file for each API key',
    ]);
  });

  test('must hold a mapping', async () => {
    expect(await faultsOf('- api_key')).toEqual([': must be a mapping of fields']);
  });

  test.each([
    ['a pipe, which would be waited for', (path: string) => promisify(execFile)('mkfifo', [path])],
    ['a device without end', (path: string) => symlink('/dev/zero', path)],
    ['a folder', (path: string) => mkdir(path)],
  ])('must not be %s', async (_, create) => {
    await withDirectory({}, async (directory) => {
      await create(join(directory, 'a.yaml'));
      expect(await readApiKeyFile(join(directory, 'a.yaml'), {})).toMatchObject({
        ok: false,
        problems: [{ message: 'must be a regular file, not a pipe or a device' }],
      });
    });
  });

  test('that vanishes is a problem by its code', async () => {
    await withDirectory({}, async (directory) => {
      expect(await readApiKeyFile(join(directory, 'gone.yaml'), {})).toMatchObject({
        ok: false,
        problems: [{ message: 'cannot be read (ENOENT)' }],
      });
    });
  });
});

describe('faults', () => {
  test('of single fields and between fields are reported together', async () => {
    const content = 'api_key: k\nname: N\ntype: api_call\nrate_limits: {}\nactive: maybe\nfunctions: [add]\n';
    expect(await faultsOf(content)).toEqual([
      'active: must be true or false',
      'functions: is only allowed for type function_call: remove the field, or change the type',
    ]);
  });

  test('of a variable are not followed by faults of its place-holder', async () => {
    expect(await faultsOf(MINIMAL_FILE.replace('k-minimal', '${UNSET}'))).toEqual([
      'api_key: needs the environment variable UNSET, which is not set: set it to a value that is not blank',
    ]);
  });

  test('of the value that a variable has are reported without it', async () => {
    const faults = await faultsOf(`${MINIMAL_FILE}token_ttl: \${TTL}\n`, { TTL: 'soon' });
    expect(faults).toEqual(['token_ttl: must be an integer']);
  });

  test.each([
    ['__proto__: {admin: true}\n', '__proto__: is an unknown field: correct the spelling, or remove it'],
    [
      'metadata: {__proto__: {admin: true}}\n',
      'metadata.__proto__: is not an allowed name: rename the field',
    ],
    [
      'metadata: {a: [{__proto__: x}]}\n',
      'metadata.a[0].__proto__: is not an allowed name: rename the field',
    ],
    [
      'models: [{name: m, endpoint: "echo:", __proto__: x}]\n',
      'models[0].__proto__: is an unknown field: correct the spelling, or remove it',
    ],
  ])('are found in %j', async (line, fault) => {
    expect(await faultsOf(MINIMAL_FILE + line)).toEqual([fault]);
  });

  test('are found in rate_limits with __proto__', async () => {
    expect(await faultsOf(MINIMAL_FILE.replace('{}', '{__proto__: {x: 1}}'))).toEqual([
      'rate_limits.__proto__: is an unknown field: correct the spelling, or remove it',
    ]);
  });

  test('are found for a lifetime of the scope __proto__, which would be lost', async () => {
    expect(
      await faultsOf(`${MINIMAL_FILE}permissions: [__proto__]\nscope_ttl: {__proto__: 60}\n`),
    ).not.toEqual([]);
  });

  test('are found at an unknown field', async () => {
    expect(await problemsOf({ 'a.yaml': `${MINIMAL_FILE}metadata:\n  tier: gold\nextra: 1\n` })).toEqual([
      {
        file: 'a.yaml',
        line: 7,
        column: 1,
        path: 'extra',
        message: 'is an unknown field: correct the spelling, or remove it',
      },
    ]);
  });

  test('are found in a name without characters for a key_id', async () => {
    expect(await faultsOf(MINIMAL_FILE.replace('Minimal', '鍵'))).toEqual([
      'name: has no characters for a key_id: set key_id',
    ]);
  });
});

describe('the digest', () => {
  test('may stand in place of the key', async () => {
    const digest = digestSecret('k-secret').toString('hex');
    const registry = await loadFiles({ 'a.yaml': MINIMAL_FILE.replace('k-minimal', `sha256:${digest}`) });
    expect(registry.authenticate({ secret: 'k-secret' }, NOW).keyId).toBe('minimal');
    expect(() => registry.authenticate({ secret: `sha256:${digest}` }, NOW)).toThrow(
      'Client authentication failed',
    );
    expect(() => registry.authenticate({ secret: digest }, NOW)).toThrow('Client authentication failed');
  });
});

describe('the size of tokens', () => {
  const withMetadata = (length: number, more = '') =>
    `${MINIMAL_FILE}metadata: {note: "${'x'.repeat(length)}"}\n${more}`;
  const FAULT = ': tokens would exceed 4096 characters: shorten lists, or limit metadata_claims';

  test('is checked at load', async () => {
    expect(await faultsOf(withMetadata(3000))).toEqual([FAULT]);
  });

  test('does not count metadata that stays out of tokens', async () => {
    expect((await loadFile(withMetadata(3000, 'metadata_claims: []\n'))).keyId).toBe('minimal');
  });

  test('counts a long list of permissions', async () => {
    const permissions = Array.from({ length: 200 }, (_, index) => `permission:${index}`);
    expect(await faultsOf(`${MINIMAL_FILE}permissions: [${permissions.join(', ')}]\n`)).toEqual([FAULT]);
  });

  test('counts the longest audience', async () => {
    const content = withMetadata(1500);
    expect((await loadFile(content)).keyId).toBe('minimal');
    expect(await faultsOf(`${content}audiences: [a, ${'b'.repeat(256)}]\n`)).toEqual([FAULT]);
  });

  test('is that of the file as it is now', async () => {
    await withDirectory({ 'a.yaml': withMetadata(3000) }, async (directory) => {
      const file = join(directory, 'a.yaml');
      expect((await readApiKeyFile(file, {})).ok).toBe(false);
      await writeFile(file, MINIMAL_FILE);
      expect((await readApiKeyFile(file, {})).ok).toBe(true);
    });
  });
});
