import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { readApiKeys } from '../../src/api-keys/read-api-keys.js';
import { MINIMAL_FILE, withDirectory } from '../support/api-key-files.js';
import { createKeyDirectory, updateConfigMap } from '../support/key-directory.js';

const keyFile = (name: string, ttl: number): string =>
  `api_key: k-${name}\nname: ${name}\ntype: api_call\nrate_limits: {}\ntoken_ttl: ${ttl}\n`;

const NAMES = Array.from({ length: 40 }, (_, index) => `key${index}`);

const versionOf = (version: number) =>
  Object.fromEntries(NAMES.map((name) => [`${name}.yaml`, keyFile(name, version)]));

describe('a directory that is swapped while it is read', () => {
  test('is never read half old and half new', async () => {
    const directory = await createKeyDirectory({});
    await updateConfigMap(directory.path, 1, versionOf(1));
    let isOver = false;
    const swap = async (): Promise<void> => {
      for (let version = 2; !isOver; version += 1) {
        await updateConfigMap(directory.path, version, versionOf(version));
        await new Promise((resolve) => setTimeout(resolve, 30));
      }
    };
    const swapping = swap();
    const versions: number[] = [];
    try {
      for (let reading = 0; reading < 60 || new Set(versions).size < 2; reading += 1) {
        const { keys, problems } = await readApiKeys({ directory: directory.path, environment: {} });
        const found = new Set(keys.map(({ apiKey }) => apiKey.tokenTtlSeconds));
        expect(found.size).toBe(problems.length > 0 ? 0 : 1);
        if (problems.length > 0)
          expect(problems).toMatchObject([
            {
              message:
                'changed during every attempt to read it: wait until all files are written, then reload',
            },
          ]);
        versions.push(...found);
      }
    } finally {
      isOver = true;
      await swapping;
      await directory.dispose();
    }
  });
});

describe('a directory with more files than anybody configures', () => {
  test('is not read', async () => {
    await withDirectory({ 'a.yaml': MINIMAL_FILE }, async (directory) => {
      await promisify(execFile)('bash', ['-c', 'touch key-{1..10000}.yaml'], { cwd: directory });
      const { problems } = await readApiKeys({ directory, environment: {} });

      expect(problems).toMatchObject([
        { message: 'must contain at most 10000 files: remove API keys that are not used' },
      ]);
    });
  });
});

describe('the fingerprint', () => {
  const fingerprintOf = (files: Readonly<Record<string, string>>, environment = {}) =>
    withDirectory(files, async (directory) => {
      const { fingerprint } = await readApiKeys({ directory, environment });
      return fingerprint;
    });

  test('is another one for another value of a variable', async () => {
    const directory = await createKeyDirectory({ 'a.yaml': MINIMAL_FILE.replace('k-minimal', '${KEY}') });
    const read = (KEY: string) => readApiKeys({ directory: directory.path, environment: { KEY } });
    const [one, other, again] = [await read('k-1'), await read('k-2'), await read('k-1')];
    await directory.dispose();

    expect(one.fingerprint).not.toBe(other.fingerprint);
    expect(one.fingerprint).toBe(again.fingerprint);
  });

  test('shows nothing of a key', async () => {
    expect(await fingerprintOf({ 'a.yaml': MINIMAL_FILE })).toMatch(/^[0-9a-f]{64}$/);
  });
});
