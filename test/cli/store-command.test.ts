import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import { setUpCommandLine } from '../support/command-line.js';
import { NOW } from '../support/tokens.js';

const { directory, run, runJson } = setUpCommandLine();
const ENTRY = { name: 'a', expiresAt: NOW + 600 };

const storeAt = (name: string): string => join(directory(), name);

/** Opens a store, as a service does. */
async function withStore(name: string, generationFile?: string): Promise<void> {
  const place = generationFile === undefined ? {} : { generationFile: storeAt(generationFile) };
  const stores = await openLmdbStores({ path: storeAt(name), ...place, clock: () => NOW - 60 });
  await stores.revocations.add(ENTRY);
  await stores.close();
}

async function restore(): Promise<void> {
  await rm(storeAt('store'), { recursive: true });
  await cp(storeAt('backup'), storeAt('store'), { recursive: true });
}

beforeEach(() => withStore('store'));

test('store backup writes a backup, which opens if nothing has changed since', async () => {
  expect((await run(['store', 'backup', 'backup', '--store', 'store'])).out).toBe(
    `The backup is in ${storeAt('backup')}.`,
  );
  await restore();

  expect(await runJson(['sessions', 'list', '--client', 'demo', '--store', 'store'])).toEqual([]);
});

test('every command rejects a restored store and names the one that accepts it', async () => {
  await run(['store', 'backup', 'backup', '--store', 'store']);
  await withStore('store');
  await restore();
  const { code, notes } = await run(['sessions', 'list', '--client', 'demo', '--store', 'store']);

  expect(code).toBe(1);
  expect(notes).toContain('run "passport-jwe store accept-restore --store ');
});

test('store accept-restore opens a restored store, and says which tokens it rejects', async () => {
  await run(['store', 'backup', 'backup', '--store', 'store']);
  await withStore('store');
  await restore();
  const { out } = await run(['store', 'accept-restore', '--store', 'store']);

  expect(out).toBe('The store was accepted. Tokens issued before 2030-01-01T00:00:00Z are rejected.');
  expect((await run(['sessions', 'list', '--client', 'demo', '--store', 'store'])).code).toBe(0);
});

test('store accept-restore does not change a store that was not restored', async () => {
  expect(await runJson(['store', 'accept-restore', '--store', 'store'])).toEqual({
    complete_since: '2029-12-31T23:59:00Z',
  });
});

test('--generation-file sets the path of the generation file', async () => {
  await withStore('other', 'marks/other');
  const list = ['sessions', 'list', '--client', 'demo', '--store', 'other'];

  expect((await run(list)).code).toBe(1);
  expect((await run([...list, '--generation-file', 'marks/other'])).code).toBe(0);
});

test.each([['backup', 'x'], ['accept-restore']])(
  'store %s does not create a store at a mistyped path',
  async (...args) => {
    const { code, notes } = await run(['store', ...args, '--store', 'stroe']);

    expect([code, notes]).toEqual([
      2,
      `error: There is no store at ${storeAt('stroe')}: pass the directory of an existing store as --store`,
    ]);
  },
);

test('store backup requires --store', async () => {
  expect((await run(['store', 'backup', 'x'])).code).toBe(2);
});
