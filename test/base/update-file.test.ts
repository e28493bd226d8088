import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import {
  chmod,
  chown,
  lstat,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { updateFile } from '../../src/base/update-file.js';

let directory = '';
let file = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'passport-jwe-replace-'));
  file = join(directory, 'ring.json');
  await writeFile(file, 'one', { mode: 0o600 });
});

afterEach(() => rm(directory, { recursive: true }));

const BOUNDS = { timeoutMs: 300, staleMs: 60_000 };
const DRAFT = '.ring.json.0123456789abcdef.draft';

const fromOneToTwo = { isExpected: (text: string) => text === 'one', next: 'two' };

/** What others do takes as long as it takes. */
const PATIENT = { timeoutMs: 60_000, staleMs: 60_000 };

const draftNamed = (digit: string) => `.ring.json.${digit.repeat(16)}.draft`;

function countingChange() {
  let count = 0;
  const isExpected = (text: string): boolean => {
    count += 1;
    return text === 'one';
  };
  return { isExpected, next: 'two', asked: () => count };
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

async function leaveDraft(name: string, ageSeconds: number): Promise<void> {
  const then = Date.now() / 1000 - ageSeconds;
  await writeFile(join(directory, name), 'left', { mode: 0o600 });
  await utimes(join(directory, name), then, then);
}

describe('a file', () => {
  test('is replaced by a file of mode 0600, and no draft remains', async () => {
    expect(await updateFile({ file }, fromOneToTwo)).toBe(true);
    expect(await readFile(file, 'utf8')).toBe('two');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['ring.json']);
  });

  test('with other content is not changed', async () => {
    await writeFile(file, 'other');

    expect(await updateFile({ file }, fromOneToTwo)).toBe(false);
    expect(await readFile(file, 'utf8')).toBe('other');
    expect(await readdir(directory)).toEqual(['ring.json']);
  });

  test('is replaced at the target of a symbolic link', async () => {
    const link = join(directory, 'link');
    await symlink('ring.json', link);

    expect(await updateFile({ file: link }, fromOneToTwo)).toBe(true);
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    expect(await readFile(file, 'utf8')).toBe('two');
  });

  test('that other users can read is not replaced', async () => {
    await chmod(file, 0o644);

    await expect(updateFile({ file }, fromOneToTwo)).rejects.toThrow(/chmod 600/);
    expect(await readdir(directory)).toEqual(['ring.json']);
  });

  test('of a trusted group keeps the access of the group', async () => {
    if (process.geteuid?.() === 0) await chown(file, 0, 65_534);
    const { gid } = await stat(file);
    await chmod(file, 0o640);
    await updateFile({ file, trustGroup: true }, fromOneToTwo);

    expect(await stat(file)).toMatchObject({ gid, mode: 0o100640 });
  });

  test('that does not exist is not created', async () => {
    await rm(file);

    await expect(updateFile({ file }, fromOneToTwo)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a draft that another process left', () => {
  test('is waited for, within bounds', async () => {
    await leaveDraft(DRAFT, 0);

    await expect(updateFile({ file }, fromOneToTwo, BOUNDS)).rejects.toThrow(
      `${file} was not replaced, because other processes were replacing it for 300 ms: retry later`,
    );
    expect(await readFile(file, 'utf8')).toBe('one');
    expect(await readdir(directory)).toEqual([DRAFT, 'ring.json']);
  });

  test.each([
    ['an hour ago', 3600],
    ['before the clock was put back', -3600],
  ])('is removed if it was left %s', async (_when, ageSeconds) => {
    await leaveDraft(DRAFT, ageSeconds);

    expect(await updateFile({ file }, fromOneToTwo, BOUNDS)).toBe(true);
    expect(await readdir(directory)).toEqual(['ring.json']);
  });

  test('with an earlier name makes a process retry with another draft', async () => {
    await leaveDraft(draftNamed('0'), 0);
    const change = countingChange();
    const replacing = updateFile({ file }, change, PATIENT);
    while (change.asked() < 3) await pause();
    await rm(join(directory, draftNamed('0')));

    expect(await replacing).toBe(true);
    expect(await readdir(directory)).toEqual(['ring.json']);
  });

  test('with a later name makes a process wait until it is removed', async () => {
    await leaveDraft(draftNamed('f'), 0);
    const change = countingChange();
    const replacing = updateFile({ file }, change, PATIENT);
    while ((await readdir(directory)).length < 3) await pause();
    for (let round = 0; round < 10; round += 1) await pause();
    await rm(join(directory, draftNamed('f')));

    expect(await replacing).toBe(true);
    expect(change.asked()).toBe(2);
  });

  test('of another file is ignored', async () => {
    const others = [
      '.ring.json.0123456789abcdef.draft2',
      '.ring.0123456789abcdef.draft',
      '.ring.json.x.0123456789abcdef.draft',
    ];
    for (const name of others) await leaveDraft(name, 3600);

    expect(await updateFile({ file }, fromOneToTwo, BOUNDS)).toBe(true);
    expect((await readdir(directory)).sort()).toEqual([...others, 'ring.json'].sort());
  });
});

describe('a process that was only slow', () => {
  test('replaces nothing if the file changed while it waited', async () => {
    let asked = 0;
    const isExpected = (): boolean => {
      asked += 1;
      return asked === 1;
    };

    expect(await updateFile({ file }, { isExpected, next: 'ours' })).toBe(false);
    expect(await readFile(file, 'utf8')).toBe('one');
    expect(await readdir(directory)).toEqual(['ring.json']);
  });

  test('reports why its draft cannot be renamed', async () => {
    let asked = 0;
    const isExpected = (): boolean => {
      asked += 1;
      if (asked === 2) replaceByDirectory();
      return true;
    };

    await expect(updateFile({ file }, { isExpected, next: 'ours' })).rejects.toMatchObject({
      code: 'EISDIR',
    });
    expect(await readdir(directory)).toEqual(['ring.json']);
  });

  test('replaces nothing after others removed its draft as stale and replaced the file', async () => {
    let asked = 0;
    const isExpected = (text: string): boolean => {
      asked += 1;
      if (asked === 2) overtake();
      return text === 'one';
    };

    expect(await updateFile({ file }, { isExpected, next: 'ours' })).toBe(false);
    expect(await readFile(file, 'utf8')).toBe('theirs');
    expect(await readdir(directory)).toEqual(['ring.json']);
  });

  test('retries with another draft if the file still has the expected content', async () => {
    let asked = 0;
    const isExpected = (text: string): boolean => {
      asked += 1;
      if (asked === 2) removeDrafts();
      return text === 'one';
    };

    expect(await updateFile({ file }, { isExpected, next: 'ours' })).toBe(true);
    expect(await readFile(file, 'utf8')).toBe('ours');
  });
});

function removeDrafts(): void {
  const drafts = readdirSync(directory).filter((name) => name.endsWith('.draft'));
  expect(drafts).toHaveLength(1);
  for (const name of drafts) rmSync(join(directory, name));
}

function replaceByDirectory(): void {
  rmSync(file);
  mkdirSync(file);
}

/** What another process does in the moment before a rename. */
function overtake(): void {
  removeDrafts();
  writeFileSync(file, 'theirs');
}
