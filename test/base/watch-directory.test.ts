import { appendFile, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { watchDirectory } from '../../src/base/watch-directory.js';
import { createKeyDirectory, type KeyDirectory, until, updateConfigMap } from '../support/key-directory.js';

const NEVER = 86_400;

let directory: KeyDirectory;
let changes = 0;
let stop = (): void => {};

function follow(path: string, debounceMs = 5, pollSeconds = NEVER): void {
  stop();
  const onChange = (): void => {
    changes += 1;
  };
  stop = watchDirectory({ directory: path, debounceMs, pollSeconds, onChange, onPoll: () => {} });
}

/** Resolves once a change is told of, after which it is quiet for a while. */
async function untilTold(change: () => Promise<void>): Promise<void> {
  const before = changes;
  await change();
  await until(() => changes > before);
  await quiet();
}

/** The events of one step may come in two lots; what follows is not to be taken for what came before. */
async function quiet(): Promise<void> {
  let seen = -1;
  while (seen !== changes) {
    seen = changes;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

beforeEach(async () => {
  directory = await createKeyDirectory({ 'a.yaml': 'a' });
  changes = 0;
});

afterEach(async () => {
  stop();
  await directory.dispose();
});

describe('a change is reported', () => {
  test('when a ConfigMap is updated, the second and third time too', async () => {
    await updateConfigMap(directory.path, 1, { 'b.yaml': '1' });
    follow(directory.path);
    for (const version of [2, 3, 4]) {
      await untilTold(() => updateConfigMap(directory.path, version, { 'b.yaml': String(version) }));
    }
  });

  test('when an editor renames its draft over the file, the second time too', async () => {
    follow(directory.path);
    for (const content of ['b', 'c']) await untilTold(() => directory.put('a.yaml', content));
  });

  test('when an editor keeps a backup and writes a new file', async () => {
    follow(directory.path);
    for (const content of ['b', 'c']) {
      await untilTold(async () => {
        await rename(join(directory.path, 'a.yaml'), join(directory.path, 'a.yaml~'));
        await writeFile(join(directory.path, 'a.yaml'), content);
      });
    }
  });

  test('when a file is written in place, added or removed', async () => {
    follow(directory.path);
    await untilTold(() => appendFile(join(directory.path, 'a.yaml'), 'b'));
    await untilTold(() => writeFile(join(directory.path, 'b.yaml'), 'b'));
    await untilTold(() => directory.remove('a.yaml'));
  });

  test('when another directory replaces this one, and when that changes', async () => {
    follow(directory.path);
    await untilTold(() => directory.swap({ 'a.yaml': 'b' }));
    await untilTold(() => appendFile(join(directory.path, 'a.yaml'), 'c'));
    await untilTold(() => directory.swap({ 'a.yaml': 'd' }));
  });

  test('when the directory is removed, created again and filled', async () => {
    follow(directory.path);
    await untilTold(() => rm(directory.path, { recursive: true }));
    await untilTold(() => mkdir(directory.path));
    await untilTold(() => writeFile(join(directory.path, 'a.yaml'), 'b'));
  });

  test('when the directory is a link whose target changes', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'passport-jwe-links-'));
    for (const release of ['1', '2']) await mkdir(join(parent, release));
    await symlink('1', join(parent, 'current'));
    follow(join(parent, 'current'));
    await untilTold(async () => {
      await symlink('2', join(parent, 'next'));
      await rename(join(parent, 'next'), join(parent, 'current'));
    });
    await untilTold(() => writeFile(join(parent, '2', 'a.yaml'), 'a'));
    await rm(parent, { recursive: true });
  });

  test('once for all changes within a short time', async () => {
    follow(directory.path, 300);
    await untilTold(async () => {
      for (let index = 0; index < 20; index += 1) await directory.put('a.yaml', String(index));
    });
    expect(changes).toBe(1);
  });

  test('although changes continue', async () => {
    follow(directory.path, 200);
    const startedAt = performance.now();
    while (changes === 0 && performance.now() - startedAt < 10_000) await directory.put('a.yaml', 'again');
    expect(changes).toBe(1);
  });
});

describe('no change is reported', () => {
  test('when a sibling of the directory changes', async () => {
    follow(directory.path);
    await writeFile(`${directory.path}.bak`, 'a');
    await quiet();
    expect(changes).toBe(0);
  });

  test('after the watch has ended', async () => {
    follow(directory.path);
    stop();
    await directory.put('a.yaml', 'b');
    await quiet();
    expect(changes).toBe(0);
  });

  test('while the directory does not exist', async () => {
    const path = join(directory.path, 'later');
    follow(path);
    await quiet();
    expect(changes).toBe(0);
    await untilTold(() => mkdir(path));
  });
});

describe('a directory that cannot be watched', () => {
  test('is polled, and its code is reported once', async () => {
    const onUnwatchable = jest.fn();
    const polled = jest.fn();
    stop = watchDirectory({
      directory: join(directory.path, 'a.yaml', 'below'),
      pollSeconds: 0.01,
      onChange: () => {},
      onPoll: polled,
      onUnwatchable,
    });
    await until(() => polled.mock.calls.length > 2);

    expect(onUnwatchable.mock.calls).toEqual([['ENOTDIR']]);
  });

  test('is polled every second without an interval, until it can be watched', async () => {
    const path = join(directory.path, 'one', 'two');
    const polled = jest.fn();
    stop = watchDirectory({ directory: path, debounceMs: 5, onChange: () => {}, onPoll: polled });
    await until(() => polled.mock.calls.length >= 2);
    await mkdir(path, { recursive: true });
    const polls = polled.mock.calls.length;
    await new Promise((resolve) => setTimeout(resolve, 2500));

    expect(polled.mock.calls.length).toBeLessThanOrEqual(polls + 1);
  });
});

test('continuous changes do not delay the poll', async () => {
  const polled = jest.fn();
  stop = watchDirectory({
    directory: directory.path,
    debounceMs: 1,
    pollSeconds: 0.2,
    onChange: () => {},
    onPoll: polled,
  });
  const startedAt = performance.now();
  while (polled.mock.calls.length === 0 && performance.now() - startedAt < 10_000) {
    await directory.put('a.yaml', 'again');
  }

  expect(polled).toHaveBeenCalled();
});
