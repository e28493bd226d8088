import { createSecretKey } from 'node:crypto';
import { appendFile, chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deriveKid } from '../../../src/keys/derive-content-key.js';
import { fileKeySource } from '../../../src/keys/sources/file-key-source.js';
import { countCalls } from '../../support/calls.js';
import { keySet, rootJwk } from '../../support/key-sets.js';
import { startProgram } from '../../support/processes.js';
import { mountSecretVolume } from '../../support/secret-volume.js';
import { secretOf } from '../../support/tokens.js';
import { untyped } from '../../support/untyped.js';

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

/** A source that loads whenever it is told to, as a key ring does. */
async function watchFile(path = file, options = {}) {
  const source = fileKeySource({ file: path, ...options });
  const calls = countCalls();
  await source.load();
  const end = source.watch?.(() => calls.call());
  if (end !== undefined) watches.push(end);
  return { source, ...calls, end };
}

describe('a key file', () => {
  test.each([
    ['a JWK Set', JSON.stringify(keySet(1, 2)), keySet(1, 2)],
    ['a JWK', JSON.stringify(rootJwk(3), undefined, 2), keySet(3)],
    [
      'a root secret',
      `${secretOf(4).toString('hex')}\n`,
      {
        keys: [
          {
            kty: 'oct',
            kid: deriveKid(createSecretKey(secretOf(4))),
            key_ops: ['deriveKey'],
            k: secretOf(4).toString('base64url'),
          },
        ],
      },
    ],
  ])('that holds %s is a JWK Set', async (_form, text, jwks) => {
    await write(text);

    expect(await fileKeySource({ file }).load()).toEqual(jwks);
  });

  test('that is malformed is refused by its path, and shows nothing', async () => {
    await write(`{"keys":[{"kty":"oct","k":"${secretOf(1).toString('base64url')}"`);

    await expect(fileKeySource({ file }).load()).rejects.toEqual(
      new TypeError(`Key file ${file}: starts like JSON, but is none`),
    );
  });

  test('that others can read is refused', async () => {
    await chmod(file, 0o644);

    await expect(fileKeySource({ file }).load()).rejects.toThrow(`chmod 600 ${file}`);
  });

  test('that is absent is what the file system says', async () => {
    await rm(file);

    await expect(fileKeySource({ file }).load()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('names the source, whatever the working directory becomes', () => {
    expect(fileKeySource({ file: 'ring.json' }).name).toBe(join(process.cwd(), 'ring.json'));
  });
});

describe('replace', () => {
  test('puts the next set in place, as a JWK Set', async () => {
    expect(await fileKeySource({ file }).replace?.(keySet(1), keySet(1, 2))).toBe(true);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(keySet(1, 2));
  });

  test('takes what was loaded from a root secret for what is there', async () => {
    await write(secretOf(4).toString('base64url'));
    const source = fileKeySource({ file });

    expect(await source.replace?.(await source.load(), keySet(5))).toBe(true);
    expect(await source.load()).toEqual(keySet(5));
  });

  test('does nothing where another set is there', async () => {
    expect(await fileKeySource({ file }).replace?.(keySet(2), keySet(3))).toBe(false);
    expect(await fileKeySource({ file }).load()).toEqual(keySet(1));
  });

  test('refuses a set that could not be read back', async () => {
    await expect(fileKeySource({ file }).replace?.(keySet(1), { keys: [] })).rejects.toEqual(
      new TypeError('What is to be written: A JWK Set must hold at least one key'),
    );
    expect(await fileKeySource({ file }).load()).toEqual(keySet(1));
  });

  test('of several in one process loses no update', async () => {
    const append = async (seed: number): Promise<void> => {
      const source = fileKeySource({ file });
      for (;;) {
        const previous = await source.load();
        if (await source.replace?.(previous, { keys: [...previous.keys, rootJwk(seed)] })) return;
      }
    };
    await Promise.all([2, 3, 4, 5].map(append));

    expect((await fileKeySource({ file }).load()).keys).toHaveLength(5);
  });
});

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

  test('is not troubled by other files in the directory', async () => {
    const watched = await watchFile();
    const end = performance.now() + 300;
    while (performance.now() < end) await appendFile(join(directory, 'access.log'), 'a line\n');
    await swap(JSON.stringify(keySet(2)));
    await watched.until(1);

    expect(watched.count()).toBe(1);
  });

  test('calls nobody once it has ended', async () => {
    const ended = await watchFile();
    const other = await watchFile();
    ended.end?.();
    await swap(JSON.stringify(keySet(2)));
    await other.until(1);

    expect(ended.count()).toBe(0);
  });

  test('keeps no process alive', async () => {
    const program = startProgram('test/support/programs/watch-file.js', {}, { args: [file] });

    expect(await program.ended).toBe(0);
    expect(program.output()).toBe('watching\n');
  });
});

describe('options', () => {
  test.each([
    ['no file', {}, /^file must be a path$/],
    ['an empty file', { file: '' }, /^file must be a path$/],
    [
      'a group that is trusted by name',
      { file: 'ring.json', trustGroup: 'staff' },
      /^trustGroup must be true or/,
    ],
    [
      'a misspelt option',
      { file: 'ring.json', mode: 0o644 },
      /^fileKeySource has no option of that name: mode$/,
    ],
  ])('are refused with %s', (_what, options, message) => {
    expect(() => fileKeySource(untyped(options))).toThrow(message);
  });
});
