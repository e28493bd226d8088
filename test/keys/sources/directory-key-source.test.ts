import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { directoryKeySource } from '../../../src/keys/sources/directory-key-source.js';
import { countCalls } from '../../support/calls.js';
import { keySet, kidsOf, rootJwk } from '../../support/key-sets.js';
import { mountSecretVolume } from '../../support/secret-volume.js';
import { secretOf } from '../../support/tokens.js';
import { untyped } from '../../support/untyped.js';

let directory = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'passport-jwe-directory-'));
});

afterEach(() => rm(directory, { recursive: true }));

function write(name: string, text: string): Promise<void> {
  return writeFile(join(directory, name), text, { mode: 0o600 });
}

describe('a directory', () => {
  test('yields the keys of its files in the order of their names', async () => {
    await write('2026-02.json', JSON.stringify(keySet(3, 4)));
    await write('2026-01.jwk', JSON.stringify(rootJwk(2)));
    await write('2025-12.key', secretOf(1).toString('hex'));
    await write('.hidden.json', 'not a key');
    await write('README.md', 'not a key');
    await write('2026-02.json.bak', 'not a key');
    const { keys } = await directoryKeySource({ directory }).load();

    expect(keys).toMatchObject([{ k: rootJwk(1)['k'] }, rootJwk(2), rootJwk(3), rootJwk(4)]);
  });

  test('is rejected if it contains no key file', async () => {
    await expect(directoryKeySource({ directory }).load()).rejects.toThrow(
      `Key directory ${directory} has no key files: add a *.json, *.jwk or *.key file`,
    );
  });

  test('may hold a thousand files, and no more', async () => {
    const seeds = Array.from({ length: 1000 }, (_, index) => index);
    for (const seed of seeds) await write(`${1000 + seed}.jwk`, JSON.stringify(rootJwk(seed)));
    const source = directoryKeySource({ directory });
    expect(kidsOf(await source.load())).toEqual(seeds.map((seed) => `root-${seed}`));
    await write('2000.jwk', JSON.stringify(rootJwk(1000)));

    await expect(source.load()).rejects.toEqual(
      new Error(`Key directory ${directory} has more than 1000 key files: remove retired keys`),
    );
  });

  test('is rejected with the path of a malformed file', async () => {
    await write('a.json', JSON.stringify(rootJwk(1)));
    await write('b.json', '{');

    await expect(directoryKeySource({ directory }).load()).rejects.toThrow(
      `key file ${join(directory, 'b.json')}: the text must be valid JSON, because it starts with {: export the key again`,
    );
  });

  test('is rejected if other users can read a file or write to the directory', async () => {
    await write('a.json', JSON.stringify(rootJwk(1)));
    await chmod(join(directory, 'a.json'), 0o644);
    await expect(directoryKeySource({ directory }).load()).rejects.toThrow(/chmod 600 .*a\.json$/);
    await chmod(join(directory, 'a.json'), 0o600);
    await chmod(directory, 0o777);

    await expect(directoryKeySource({ directory }).load()).rejects.toThrow(`chmod go-w ${directory}`);
  });

  test('is rejected if a key is not a regular file', async () => {
    await mkdir(join(directory, 'a.json'));

    await expect(directoryKeySource({ directory }).load()).rejects.toThrow(
      /a\.json is not a regular file: check the path$/,
    );
  });

  test('that does not exist is rejected with the error of the file system', async () => {
    const absent = join(directory, 'absent');

    await expect(directoryKeySource({ directory: absent }).load()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('is read-only', () => {
    expect(directoryKeySource({ directory }).replace).toBeUndefined();
  });

  test('is never read half before and half after an update', async () => {
    const volume = await mountSecretVolume(join(directory, 'volume'));
    const filesOf = (seed: number) => ({
      'a.json': JSON.stringify(rootJwk(seed)),
      'b.json': JSON.stringify(rootJwk(seed + 100)),
    });
    await volume.update(filesOf(1));
    const source = directoryKeySource({ directory: volume.directory });
    let isUpdating = true;
    const updates = (async () => {
      for (let seed = 2; seed <= 40; seed += 1) await volume.update(filesOf(seed));
      isUpdating = false;
    })();
    while (isUpdating) {
      const jwks = await source.load().catch(() => undefined); // it may keep changing
      const [first, second] = (jwks?.keys ?? []).map((jwk) => Number(jwk['iat']));
      if (first !== undefined && second !== undefined) expect(second - first).toBe(100);
    }
    await updates;

    expect(kidsOf(await source.load())).toEqual(['root-40', 'root-140']);
  });
});

test('a watch sees files that come and go, and the swaps of a Kubernetes secret', async () => {
  const volume = await mountSecretVolume(join(directory, 'volume'));
  await volume.update({ 'a.json': JSON.stringify(rootJwk(1)) });
  const source = directoryKeySource({ directory: volume.directory });
  const calls = countCalls();
  await source.load();
  const end = source.watch?.(() => calls.call());
  const untilLoaded = async (kids: readonly string[]): Promise<void> => {
    do await calls.until(calls.count() + 1);
    while (kidsOf(await source.load()).join() !== kids.join());
  };
  const isAdded = untilLoaded(['root-1', 'root-2']);
  await volume.update({ 'a.json': JSON.stringify(rootJwk(1)), 'b.json': JSON.stringify(rootJwk(2)) });
  await isAdded;
  const isSwapped = untilLoaded(['root-3', 'root-4']);
  await volume.update({ 'a.json': JSON.stringify(rootJwk(3)), 'b.json': JSON.stringify(rootJwk(4)) });
  await isSwapped;
  end?.();

  expect(kidsOf(await source.load())).toEqual(['root-3', 'root-4']);
});

test.each([
  ['no directory', {}, /^directoryKeySource: directory must be a path, a non-empty string/],
  [
    'a misspelt option',
    { directory: 'keys', file: 'x' },
    /^directoryKeySource: unknown option file; expected one of: directory/,
  ],
])('options are rejected with %s', (_what, options, message) => {
  expect(() => directoryKeySource(untyped(options))).toThrow(message);
});
