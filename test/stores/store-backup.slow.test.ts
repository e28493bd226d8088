import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type LmdbStores, openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import { type RunningProgram, startProgram } from '../support/processes.js';

const WRITERS = 2;
const BACKUPS = 10;
const TIMEOUT_MS = 60_000;

let home = '';
let path = '';
const running: RunningProgram[] = [];
const opened: LmdbStores[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'passport-jwe-backup-'));
  path = join(home, 'store');
});

afterEach(async () => {
  for (const program of running) program.process.kill('SIGKILL');
  await Promise.all(running.splice(0).map((program) => program.ended));
  await Promise.all(opened.splice(0).map((stores) => stores.close()));
  await rm(home, { recursive: true });
});

async function openStores(directory: string): Promise<LmdbStores> {
  const stores = await openLmdbStores({ path: directory, acceptRestore: true });
  opened.push(stores);
  return stores;
}

async function startWriters(): Promise<readonly RunningProgram[]> {
  const writers = Array.from({ length: WRITERS }, (_, index) =>
    startProgram('test/support/programs/revoke-on-lmdb.js', {}, { args: [path, `w${index}`] }),
  );
  running.push(...writers);
  while (!writers.every((writer) => printedBy(writer).length > 0)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return writers;
}

function printedBy(program: RunningProgram): readonly string[] {
  return program.output().split('\n').slice(0, -1);
}

test(
  'a backup under write load has all that was acknowledged before, and is one consistent state',
  async () => {
    const stores = await openStores(path);
    const writers = await startWriters();
    for (let round = 0; round < BACKUPS; round += 1) {
      const acknowledged = writers.flatMap(printedBy);
      const directory = join(home, `backup-${round}`);
      await stores.backUp(directory);
      const copy = await openStores(directory);

      expect(acknowledged.filter((name) => copy.revocations.find(name) === undefined)).toEqual([]);
      // Each writer adds its serials in order, so a state between two commits has them without a gap.
      const lengths = writers.map((_, writer) => {
        let length = 0;
        while (copy.revocations.find(`w${writer}-${length + 1}`) !== undefined) length += 1;
        return length;
      });
      expect(copy.revocations.size).toBe(lengths.reduce((sum, length) => sum + length, 0));
      await copy.close();
    }
    expect(writers.map((writer) => writer.process.exitCode)).toEqual([null, null]);
  },
  TIMEOUT_MS,
);

test('a backup is private to its user', async () => {
  await (await openStores(path)).backUp(join(home, 'backup'));
  const modes = await Promise.all(
    [join(home, 'backup'), join(home, 'backup', 'data.mdb')].map((file) => stat(file)),
  );

  expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['700', '600']);
});

test('a backup does not overwrite another one', async () => {
  const stores = await openStores(path);
  await stores.backUp(join(home, 'backup'));

  await expect(stores.backUp(join(home, 'backup'))).rejects.toThrow(
    /data\.mdb already exists: pass a directory without/,
  );
});

test('a running backup is completed when the stores are closed', async () => {
  const stores = await openStores(path);
  await stores.revocations.add({ name: 'a', expiresAt: Date.now() / 1000 + 600 });
  const backedUp = stores.backUp(join(home, 'backup'));
  await Promise.allSettled([backedUp, stores.close()]);
  const copies = await openStores(join(home, 'backup'));
  const isComplete = await backedUp.then(
    () => copies.revocations.find('a') !== undefined,
    () => 'rejected',
  );

  expect([true, 'rejected']).toContain(isComplete);
});

test.each([[''], [undefined]])('a backup to %j is rejected', async (directory) => {
  const stores = await openStores(path);

  await expect(Reflect.apply(stores.backUp, stores, [directory])).rejects.toThrow(TypeError);
});
