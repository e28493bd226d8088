import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createFile, DRAFT_ENDING, replaceFile, writeDraft } from '../../src/base/write-file.js';

let directory = '';
let file = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'passport-jwe-write-'));
  file = join(directory, 'keys.json');
});

afterEach(() => rm(directory, { recursive: true }));

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('createFile', () => {
  test('writes a file with its mode, and the directory for it', async () => {
    const deep = join(directory, 'one', 'two', 'keys.json');
    await createFile(deep, 'text', 0o600);

    expect(await readFile(deep, 'utf8')).toBe('text');
    expect(await modeOf(deep)).toBe(0o600);
  });

  test('overwrites neither a file nor a symbolic link', async () => {
    await writeFile(file, 'old');
    await symlink(join(directory, 'absent'), join(directory, 'link'));

    for (const path of [file, join(directory, 'link')]) {
      await expect(createFile(path, 'new', 0o600)).rejects.toThrow(
        `${path} already exists and was not overwritten: choose another path`,
      );
    }
    expect(await readFile(file, 'utf8')).toBe('old');
    expect((await readdir(directory)).sort()).toEqual(['keys.json', 'link']);
  });
});

describe('replaceFile', () => {
  test('replaces a file, creates one that is absent, and leaves no draft', async () => {
    await replaceFile(file, 'one');
    await replaceFile(file, 'two');

    expect(await readFile(file, 'utf8')).toBe('two');
    expect(await modeOf(file)).toBe(0o600);
    expect(await readdir(directory)).toEqual(['keys.json']);
  });

  test('shows readers the old content or the new one', async () => {
    const texts = ['a', 'b'].map((letter) => letter.repeat(1_000_000));
    await replaceFile(file, 'b'.repeat(1_000_000));
    let isWriting = true;
    const writing = (async () => {
      for (let index = 0; index < 20; index += 1) await replaceFile(file, texts[index % 2] ?? '');
      isWriting = false;
    })();
    while (isWriting) expect(texts).toContain(await readFile(file, 'utf8'));
    await writing;
  });

  test('leaves no draft if the file cannot be replaced', async () => {
    const occupied = join(directory, 'occupied');
    await createFile(join(occupied, 'file'), 'text', 0o600);

    await expect(replaceFile(occupied, 'text')).rejects.toThrow();
    expect(await readdir(directory)).toEqual(['occupied']);
  });
});

describe('writeDraft', () => {
  test('writes a draft beside the file, for its owner only', async () => {
    const draft = await writeDraft(file, 'text');

    expect(draft).toMatch(DRAFT_ENDING);
    expect(await modeOf(draft)).toBe(0o600);
    expect(await readFile(draft, 'utf8')).toBe('text');
  });

  test('leaves nothing behind if the draft cannot be prepared', async () => {
    const failing = writeDraft(file, 'text', async () => {
      throw new Error('chown failed');
    });

    await expect(failing).rejects.toThrow('chown failed');
    expect(await readdir(directory)).toEqual([]);
  });
});
