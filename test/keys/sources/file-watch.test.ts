import { appendFile, chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { fileKeySource } from '../../../src/keys/sources/file-key-source.js';
import { countCalls } from '../../support/calls.js';
import { keySet } from '../../support/key-sets.js';
import { startProgram } from '../../support/processes.js';
import { mountSecretVolume } from '../../support/secret-volume.js';

let directory = '';
let file = '';
const watches: (() => void)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'passport-jwe-file-'));
  file = join(directory, 'ring.json');
  await write(JSON.stringify(keySet(1)));
});

afterEach(async () => {
  for (const end of watches.splice(0)) end();
  await rm(directory, { recursive: true });
});

function write(text: string): Promise<void> {
  return writeFile(file, text, { mode: 0o600 });
}

/** As editors and our own `replace` do. */
async function swap(text: string, path = file): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** A file beside it that is written to all the time, for longer than events are gathered. */
async function makeNoise(): Promise<void> {
  const end = performance.now() + 300;
  while (performance.now() < end) await appendFile(join(directory, 'access.log'), 'a line\n');
}

/** A source that loads whenever it is told to, as a key ring does. */
async function watchFile(path = file, options = {}) {
  const source = fileKeySource({ file: path, ...options });
  const calls = countCalls();
  await source.load();
  const end = source.watch?.(() => calls.call());
  if (end !== undefined) watches.push(end);
  return { source, ...calls, end };
}

describe('watch', () => {
  test('sees each swap of the file', async () => {
    const watched = await watchFile();
    for (const seed of [2, 3, 4]) {
      await swap(JSON.stringify(keySet(seed)));
      await watched.until(seed - 1);

      expect(await watched.source.load()).toEqual(keySet(seed));
    }
  });

  test('sees that the file is written in place, removed, and made again', async () => {
    const watched = await watchFile();
    await appendFile(file, '\n');
    await watched.until(1);
    await watched.source.load();
    await rm(file);
    await watched.until(2);
    await swap(JSON.stringify(keySet(2)));
    await watched.until(3);

    expect(await watched.source.load()).toEqual(keySet(2));
  });

  test('sees that the mode was put right', async () => {
    const watched = await watchFile();
    await chmod(file, 0o644);
    await watched.until(1);
    await expect(watched.source.load()).rejects.toThrow(/chmod 600/);
    await chmod(file, 0o600);
    await watched.until(2);

    expect(await watched.source.load()).toEqual(keySet(1));
  });

  test('sees the swaps of a Kubernetes secret, one after the other', async () => {
    const volume = await mountSecretVolume(join(directory, 'volume'));
    await volume.update({ 'ring.json': JSON.stringify(keySet(1)) });
    const watched = await watchFile(join(volume.directory, 'ring.json'));
    for (const seed of [2, 3, 4]) {
      await volume.update({ 'ring.json': JSON.stringify(keySet(seed)) });
      await watched.until(seed - 1);

      expect(await watched.source.load()).toEqual(keySet(seed));
    }
  });

  test('sees the swaps of a Kubernetes secret with an fsGroup', async () => {
    const volume = await mountSecretVolume(join(directory, 'volume'), 0o440);
    await volume.update({ 'ring.json': JSON.stringify(keySet(1)) });
    const watched = await watchFile(join(volume.directory, 'ring.json'), { trustGroup: true });
    await volume.update({ 'ring.json': JSON.stringify(keySet(2)) });
    await watched.until(1);

    expect(await watched.source.load()).toEqual(keySet(2));
  });

  test('sees a directory that was itself replaced', async () => {
    const inner = join(directory, 'inner');
    await mkdir(inner);
    const path = join(inner, 'ring.json');
    await writeFile(path, JSON.stringify(keySet(1)), { mode: 0o600 });
    const watched = await watchFile(path);
    await rm(inner, { recursive: true });
    await watched.until(1);
    await mkdir(inner);
    await swap(JSON.stringify(keySet(2)), path);
    await watched.until(2);
    expect(await watched.source.load()).toEqual(keySet(2));
    await swap(JSON.stringify(keySet(3, 4)), path);
    await watched.until(3);

    expect(await watched.source.load()).toEqual(keySet(3, 4));
  });

  test('sees what changed between the last load and its own beginning', async () => {
    const source = fileKeySource({ file });
    const calls = countCalls();
    await source.load();
    await swap(JSON.stringify(keySet(2)));
    const end = source.watch?.(() => calls.call());
    if (end !== undefined) watches.push(end);

    await calls.until(1);
  });

  test('sees a directory that another one takes the place of', async () => {
    const [inner, next] = [join(directory, 'inner'), join(directory, 'next')];
    const path = join(inner, 'ring.json');
    await mkdir(inner);
    await mkdir(next);
    await swap(JSON.stringify(keySet(1)), path);
    await swap(JSON.stringify(keySet(2)), join(next, 'ring.json'));
    const watched = await watchFile(path);
    await rename(inner, join(directory, 'last'));
    await rename(next, inner);
    await watched.until(1);
    await watched.source.load();
    const count = watched.count();
    await swap(JSON.stringify(keySet(3)), path);
    await watched.until(count + 1);

    expect(await watched.source.load()).toEqual(keySet(3));
  });

  test('is not troubled by other files in the directory', async () => {
    const watched = await watchFile();
    await makeNoise();
    await swap(JSON.stringify(keySet(2)));
    await watched.until(1);

    expect(watched.count()).toBe(1);
  });

  test('calls once for an unloadable state, despite other changes in the directory', async () => {
    const watched = await watchFile();
    await rm(file);
    await watched.until(1);
    await makeNoise();
    await swap(JSON.stringify(keySet(2)));
    await watched.until(2);

    expect(watched.count()).toBe(2);
  });

  test('makes no call after it was stopped', async () => {
    const ended = await watchFile();
    const other = await watchFile();
    const endedAtOnce = countCalls();
    ended.end?.();
    fileKeySource({ file }).watch?.(() => endedAtOnce.call())();
    await swap(JSON.stringify(keySet(2)));
    await other.until(1);

    expect([ended.count(), endedAtOnce.count()]).toEqual([0, 0]);
  });

  test('keeps no process alive', async () => {
    const program = startProgram('test/support/programs/watch-file.js', {}, { args: [file] });

    expect(await program.ended).toBe(0);
    expect(program.output()).toBe('watching\n');
  });
});
