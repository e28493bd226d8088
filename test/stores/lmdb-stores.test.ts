import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { open } from 'lmdb';
import { type OpenLmdbStoresOptions, openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import type { Stores } from '../../src/stores/stores.js';
import { isInForce, sessionEnds } from '../support/foldable-entries.js';
import { clock, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';
import { stateOf } from './family-store-contract.js';
import { describeStores } from './stores-contract.js';

const PROOF = { digest: 'd', jkt: 'k', quota: 10, expiresAt: NOW + 600 };

const directories: string[] = [];
const opened: Stores[] = [];

async function createDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-lmdb-'));
  directories.push(directory);
  return join(directory, 'store');
}

async function openStores(options: OpenLmdbStoresOptions): Promise<Stores> {
  const stores = await openLmdbStores(options);
  opened.push(stores);
  return stores;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((stores) => stores.close()));
  await Promise.all(directories.splice(0).map((path) => rm(path, { recursive: true })));
});

describeStores('LMDB', async (setting) => openLmdbStores({ path: await createDirectory(), ...setting }));

describe('openLmdbStores', () => {
  test('keeps everything across a restart', async () => {
    const path = await createDirectory();
    const first = await openStores({ path, clock });
    await first.revocations.add({ name: 'a', issuedUpTo: NOW, expiresAt: NOW + 600, owner: 'demo' });
    await first.families.insert({ id: 'f', state: stateOf('a'), expiresAt: NOW + 600 });
    await first.counters.add({ name: 'c', amount: 7, expiresAt: NOW + 600 });
    await first.replays.use(PROOF);
    await first.close();
    const second = await openStores({ path, clock });

    expect(second.revocations.find('a')).toEqual({
      name: 'a',
      issuedUpTo: NOW,
      expiresAt: NOW + 600,
      owner: 'demo',
    });
    expect(await second.families.find({ clientId: 'demo', id: 'f' })).toMatchObject({ state: stateOf('a') });
    expect(await second.counters.read('c')).toBe(7);
    expect(await second.replays.use(PROOF)).toBe('repeated');
  });

  test('bounds revocations across restarts', async () => {
    const path = await createDirectory();
    const bounds = { maxRevocations: 1 };
    const first = await openStores({ path, clock, ...bounds });
    await first.revocations.add({ name: 'a', expiresAt: NOW + 600 });
    await first.close();
    const { revocations } = await openStores({ path, clock, ...bounds });

    await expect(revocations.add({ name: 'b', expiresAt: NOW + 600 })).rejects.toMatchObject({ status: 503 });
  });

  test('folds although an earlier release left index keys of expired entries', async () => {
    const path = await createDirectory();
    const bounds = { maxRevocationsPerClient: 10 };
    const first = await openStores({ path, clock, ...bounds });
    const old = sessionEnds(10, 10);
    for (const entry of old) await first.revocations.add(entry);
    await first.close();
    const root = open({ path, noSubdir: false, overlappingSync: false });
    const revocations = root.openDB({ name: 'revocations', encoding: 'json' });
    for (const { name } of old) await revocations.remove(name);
    await root.close();

    const { revocations: store } = await openStores({ path, clock, ...bounds });
    const entries = sessionEnds(40, 40).map((entry) => ({ ...entry, name: `new ${entry.name}` }));
    for (const entry of entries) await store.add(entry);

    expect(entries.filter((entry) => !isInForce(store, entry))).toEqual([]);
    expect(store.fill?.clientEntries).toBeLessThanOrEqual(10);
  });

  test('rejects tokens older than the store, and keeps that time', async () => {
    const path = await createDirectory();
    const first = await openStores({ path, clock: () => NOW - 0.001 });
    await first.close();
    const second = await openStores({ path, clock: () => NOW + 500.5 });

    expect(first.revocations.completeSince()).toBe(NOW);
    expect(second.revocations.completeSince()).toBe(NOW);
  });

  test('makes the directory and the files private to its user', async () => {
    const path = join(await createDirectory(), 'nested', 'store');
    await openStores({ path, clock });
    const modes = await Promise.all(
      [path, join(path, 'data.mdb'), join(path, 'lock.mdb')].map((file) => stat(file)),
    );

    expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['700', '600', '600']);
  });

  test('answers 503 once it is closed, and is not ready', async () => {
    const stores = await openStores({ path: await createDirectory(), clock });
    await stores.close();

    expect(stores.isReady()).toBe(false);
    expect(() => stores.revocations.find('a')).toThrow(expect.objectContaining({ status: 503 }));
    await expect(stores.revocations.add({ name: 'a', expiresAt: NOW })).rejects.toMatchObject({
      status: 503,
    });
    await expect(stores.families.find({ clientId: 'demo', id: 'f' })).rejects.toMatchObject({ status: 503 });
    await expect(stores.counters.read('c')).rejects.toMatchObject({ status: 503 });
    await expect(stores.replays.use(PROOF)).rejects.toMatchObject({ status: 503 });
  });

  test.each([['garbage'.repeat(3000)], ['x'], ['\u0000'.repeat(20_000)]])(
    'explains what to do about a file that is not an LMDB file: %#',
    async (content) => {
      const path = await createDirectory();
      await mkdir(path);
      await writeFile(join(path, 'data.mdb'), content);

      await expect(openStores({ path, clock })).rejects.toThrow(
        /data\.mdb is not an LMDB file of this version: replace it with a backup/,
      );
    },
  );

  test('deletes a bounded number of expired entries per step', async () => {
    let now = NOW;
    const { revocations } = await openStores({ path: await createDirectory(), clock: () => now });
    const names = Array.from({ length: 1500 }, (_, index) => `n${index}`);
    await Promise.all(names.map((name) => revocations.add({ name, expiresAt: NOW + 60, owner: 'demo' })));
    now = NOW + 61;
    const sizes: number[] = [];
    for (const name of ['x', 'y']) {
      await revocations.add({ name, expiresAt: NOW + 600 });
      sizes.push(revocations.size);
    }

    expect(sizes).toEqual([501, 2]);
  });

  test.each(['session\u0000demo\u0000s1', `session\u0000demo\u0000${'s'.repeat(128)}`, '\u0001'.repeat(100)])(
    'deletes an expired entry with any characters in its name: %#',
    async (name) => {
      let now = NOW;
      const { revocations } = await openStores({ path: await createDirectory(), clock: () => now });
      await revocations.add({ name, expiresAt: NOW + 60, owner: 'demo' });
      now = NOW + 61;
      await revocations.add({ name: 'x', expiresAt: NOW + 600 });

      expect(revocations.find(name)).toBeUndefined();
      expect(revocations.size).toBe(1);
    },
  );

  test.each([
    {},
    { path: '' },
    { path: 1 },
    { path: '/tmp/x', maxRevocations: 0 },
    { path: '/tmp/x', generationFile: '' },
    { path: '/tmp/x', acceptRestore: 'yes' },
    { path: '/tmp/x', file: 'y' },
  ])('rejects %j', async (options) => {
    await expect(openLmdbStores(untyped(options))).rejects.toThrow(TypeError);
  });
});
