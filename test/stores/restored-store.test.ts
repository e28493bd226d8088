import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { open } from 'lmdb';
import { createRevocations } from '../../src/revocation/revocations.js';
import {
  type LmdbStores,
  type OpenLmdbStoresOptions,
  openLmdbStores,
} from '../../src/stores/lmdb/open-lmdb-stores.js';
import { NOW } from '../support/tokens.js';
import { stateOf } from './family-store-contract.js';

const REVOKED = { name: 'revoked later', expiresAt: NOW + 600 };
const FAMILY = { clientId: stateOf('a').clientId, id: 'f' };

let now = NOW;
const clock = () => now;

let home = '';
let path = '';
const opened: LmdbStores[] = [];

beforeEach(async () => {
  now = NOW;
  home = await mkdtemp(join(tmpdir(), 'passport-jwe-restored-'));
  path = join(home, 'store');
});

afterEach(async () => {
  await closeAll();
  await rm(home, { recursive: true });
});

async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((stores) => stores.close()));
}

async function openStores(options: Partial<OpenLmdbStoresOptions> = {}): Promise<LmdbStores> {
  const stores = await openLmdbStores({ path, clock, ...options });
  opened.push(stores);
  return stores;
}

/** Runs steps on the store, which is closed before and afterwards. */
async function withStores(
  run: (stores: LmdbStores) => Promise<unknown>,
  options: Partial<OpenLmdbStoresOptions> = {},
): Promise<void> {
  await run(await openStores(options));
  await closeAll();
}

const beginFamily = ({ families }: LmdbStores) =>
  families.insert({ ...FAMILY, state: stateOf('a'), expiresAt: NOW + 900 });

const revoke = ({ revocations }: LmdbStores) => revocations.add(REVOKED);

async function consumeRefreshToken({ families }: LmdbStores): Promise<void> {
  const family = await families.find(FAMILY);
  if (family !== undefined) await families.replace({ ...family, state: stateOf('b') });
}

const backup = (): string => join(home, 'backup');

async function backUpFiles(): Promise<void> {
  await cp(path, backup(), { recursive: true });
}

async function restoreFiles(): Promise<void> {
  await rm(path, { recursive: true });
  await cp(backup(), path, { recursive: true });
}

describe('a store that is reset while processes use it', () => {
  /** What an older data file would show, once its last transaction is the newest that LMDB knows. */
  async function takeBack(name: string, value: string | number): Promise<void> {
    const root = open({ path, noSubdir: false, overlappingSync: false });
    await root.openDB<number | string, string>({ name: 'times', encoding: 'json' }).put(name, value);
    await root.close();
  }

  test.each([
    ['fewer transactions', 'writes', 1],
    ['another generation', 'generation', 'other'],
  ])('rejects writes with %s, and stays rejected', async (_what, name, value) => {
    const { revocations, close } = await openStores();
    await revocations.add(REVOKED);
    await takeBack(name, value);

    for (const later of ['once', 'again']) {
      await expect(revocations.add({ ...REVOKED, name: later })).rejects.toThrow();
    }
    await close();
    await expect(openStores()).rejects.toMatchObject({ code: 'ERR_STORE_RESTORED' });
  });
});

describe('a store that was restored from a backup is rejected', () => {
  test.each([
    ['a revocation is lost', revoke],
    ['a consumed refresh token would work again', consumeRefreshToken],
  ])('if %s', async (_what, change) => {
    await withStores(beginFamily);
    await backUpFiles();
    await withStores(change);
    await restoreFiles();

    await expect(openStores()).rejects.toMatchObject({
      name: 'RestoredStoreError',
      code: 'ERR_STORE_RESTORED',
    });
  });

  test('with the generation file and the remedy in the message', async () => {
    await withStores(beginFamily);
    await backUpFiles();
    await withStores(revoke);
    await restoreFiles();

    await expect(openStores()).rejects.toThrow(
      `The store ${path} was restored from a backup, or moved: its generation file ${path}.generation has later`,
    );
    await expect(openStores()).rejects.toThrow(
      `run "passport-jwe store accept-restore --store ${path}", or open the store with acceptRestore: true`,
    );
  });

  test('if it was written by backUp()', async () => {
    await withStores(async (stores) => {
      await stores.backUp(backup());
      await revoke(stores);
    });
    await restoreFiles();

    await expect(openStores()).rejects.toMatchObject({ code: 'ERR_STORE_RESTORED' });
  });

  test('on a machine without its generation file', async () => {
    await withStores(revoke);
    await rename(path, join(home, 'elsewhere'));
    path = join(home, 'elsewhere');

    await expect(openStores()).rejects.toThrow(/its generation file \S+elsewhere\.generation is missing/);
  });

  test('if the whole parent directory was restored except the file at generationFile', async () => {
    const generationFile = join(home, 'other-disk', 'store.generation');
    path = join(home, 'data', 'store');
    const options = { generationFile };
    await withStores(beginFamily, options);
    await cp(join(home, 'data'), backup(), { recursive: true });
    await withStores(revoke, options);
    await rm(join(home, 'data'), { recursive: true });
    await cp(backup(), join(home, 'data'), { recursive: true });

    await expect(openStores(options)).rejects.toThrow(`its generation file ${generationFile} has later`);
  });

  test('even if it is older than an earlier restore that was accepted', async () => {
    await withStores(beginFamily);
    await backUpFiles();
    await withStores(revoke);
    await restoreFiles();
    await withStores(async () => {}, { acceptRestore: true });
    await restoreFiles();

    await expect(openStores()).rejects.toMatchObject({ code: 'ERR_STORE_RESTORED' });
  });

  test('if it is from before its first opening by this release', async () => {
    await createEarlierStore();
    await backUpFiles();
    await withStores(revoke);
    await restoreFiles();

    await expect(openStores()).rejects.toMatchObject({ code: 'ERR_STORE_RESTORED' });
  });
});

/** A store as releases without generations left it. */
async function createEarlierStore(): Promise<void> {
  const root = open({ path, noSubdir: false, overlappingSync: false });
  await root.openDB<number, string>({ name: 'times', encoding: 'json' }).put('started-at', NOW - 600);
  await root.close();
}

describe('a store opens without acceptRestore', () => {
  test('if nothing was written since its backup', async () => {
    await withStores(revoke);
    await backUpFiles();
    await restoreFiles();
    const { revocations } = await openStores();

    expect(revocations.find(REVOKED.name)).toEqual(REVOKED);
  });

  test('if an earlier release wrote it, with all its data', async () => {
    await createEarlierStore();

    expect((await openStores()).revocations.completeSince()).toBe(NOW - 600);
  });

  test('if it is new in place of a removed store: it rejects all older tokens anyway', async () => {
    await withStores(revoke);
    await rm(path, { recursive: true });
    now = NOW + 100;
    const { revocations } = await openStores();

    expect(revocations.completeSince()).toBe(NOW + 100);
  });

  test('if several processes use it concurrently', async () => {
    const [first, second] = [await openStores(), await openStores()];
    await Promise.all(
      [first, second].map((stores) => stores.counters.add({ name: 'c', amount: 1, expiresAt: NOW + 600 })),
    );
    await revoke(first);
    await closeAll();

    expect((await openStores()).revocations.find(REVOKED.name)).toEqual(REVOKED);
  });
});

describe('a process that crashes during a write does not make the store unusable', () => {
  const mark = async () => JSON.parse(await readFile(`${path}.generation`, 'utf8'));
  const setMark = (content: object) => writeFile(`${path}.generation`, JSON.stringify(content));

  test('after the store was updated and before the generation file was', async () => {
    await withStores(beginFamily);
    const before = await mark();
    await withStores(revoke);
    await setMark(before);

    expect((await openStores()).revocations.find(REVOKED.name)).toEqual(REVOKED);
  });

  test('after the generation file announced the first generation', async () => {
    await createEarlierStore();
    await setMark({ writes: 0, pending: 'announced' });

    expect((await openStores()).isReady()).toBe(true);
  });

  test('after the store began a generation and before the generation file confirmed it', async () => {
    await withStores(revoke);
    const { generation } = await mark();
    await setMark({ generation: 'former', writes: 99, pending: generation });

    expect((await openStores()).revocations.find(REVOKED.name)).toEqual(REVOKED);
  });

  test('but a restore that was announced and not accepted stays rejected', async () => {
    await withStores(revoke);
    const { generation, writes } = await mark();
    await setMark({ generation, writes: writes + 1, pending: 'announced' });

    await expect(openStores()).rejects.toMatchObject({ code: 'ERR_STORE_RESTORED' });
  });
});

describe('a restore that is accepted', () => {
  const LATER = NOW + 60;
  let stores: LmdbStores;

  beforeEach(async () => {
    await withStores(async (before) => {
      await beginFamily(before);
      await before.revocations.add({ name: 'revoked earlier', expiresAt: NOW + 600 });
    });
    await backUpFiles();
    await withStores(revoke);
    await restoreFiles();
    now = LATER;
    stores = await openStores({ acceptRestore: true });
    now = LATER + 300;
  });

  test('revokes all tokens that were issued until then', () => {
    expect(stores.revocations.completeSince()).toBe(LATER);
  });

  test('ends all refresh-token families', async () => {
    const revocations = createRevocations({ stores, clock });

    expect(await stores.families.find(FAMILY)).toBeUndefined();
    expect(
      (await stores.families.list({ kind: 'api_key', clientId: FAMILY.clientId }, { limit: 9 })).families,
    ).toEqual([]);
    expect(
      revocations.isFamilyRevoked({ ...FAMILY, subject: 's', sessionId: 's', createdAt: LATER - 1 }),
    ).toBe(true);
  });

  test('keeps the revocations of the backup', () => {
    expect(stores.revocations.find('revoked earlier')).toBeDefined();
  });

  test('is accepted once: the store then opens without the option and keeps its start', async () => {
    await closeAll();

    expect((await openStores()).revocations.completeSince()).toBe(LATER);
  });

  test('has no effect if nothing was restored', async () => {
    await closeAll();
    await withStores(beginFamily);
    const again = await openStores({ acceptRestore: true });

    expect(again.revocations.completeSince()).toBe(LATER);
    expect(await again.families.find(FAMILY)).toBeDefined();
  });
});

test('a generation file that cannot be written causes a warning, and no failed write', async () => {
  const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const stores = await openStores();
  await rm(`${path}.generation`);
  await mkdir(`${path}.generation`);
  await revoke(stores);
  await beginFamily(stores);
  const { calls } = emitWarning.mock;
  emitWarning.mockRestore();

  expect(calls).toEqual([
    [expect.stringMatching(/\.generation cannot be written \(EISDIR/), { code: 'PASSPORT_JWE_STORE' }],
  ]);
  expect(stores.revocations.find(REVOKED.name)).toEqual(REVOKED);
});
