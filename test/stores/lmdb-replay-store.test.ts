import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LmdbEnvironment } from '../../src/stores/lmdb/lmdb-environment.js';
import { lmdbReplayStore } from '../../src/stores/lmdb/lmdb-replay-store.js';
import { openEnvironment } from '../../src/stores/lmdb/open-environment.js';
import type { ReplayStore } from '../../src/stores/replay-store.js';
import { createSettableMachine, type SettableMachine } from '../support/settable-machine.js';

const LIFETIME = 60;
const HOUR = 3600;

let path = '';
let machine: SettableMachine;
let environment: LmdbEnvironment;
let store: ReplayStore;

/** Opens the store with room for a number of proofs. */
async function openStore(maxProofs: number): Promise<void> {
  const { clock } = machine;
  const setting = { path: join(path, 'store'), generationFile: undefined, acceptRestore: false, clock };
  const opened = await openEnvironment(setting, (parts) => ({
    environment: parts.environment,
    store: lmdbReplayStore(parts.environment, clock, maxProofs),
  }));
  ({ environment, store } = opened);
}

beforeEach(async () => {
  machine = createSettableMachine();
  path = await mkdtemp(join(tmpdir(), 'passport-jwe-replays-'));
});

afterEach(async () => {
  await environment.close();
  await rm(path, { recursive: true });
});

function use(digest: string, { jkt = 'k', quota = 1000, lifetime = LIFETIME } = {}) {
  return Promise.resolve(store.use({ digest, jkt, quota, expiresAt: machine.clock() + lifetime }));
}

describe('lmdbReplayStore', () => {
  test('rejects a new proof if it is full, and still recognizes the recorded ones', async () => {
    await openStore(2);
    await use('a');
    await use('b');

    await expect(use('c')).rejects.toMatchObject({ status: 503 });
    expect([await use('a'), await use('b')]).toEqual(['repeated', 'repeated']);
  });

  test('accepts proofs again once those that filled it have expired', async () => {
    await openStore(3);
    for (const digest of ['a', 'b', 'c']) await use(digest);
    machine.pass(LIFETIME + 1);

    expect([await use('d'), await use('e'), await use('f')]).toEqual(['first', 'first', 'first']);
  });

  test('deletes a bounded number of expired proofs per use', async () => {
    await openStore(100);
    await Promise.all(Array.from({ length: 40 }, (_, n) => use(`n${n}`)));
    machine.pass(LIFETIME + 1);
    const totals: unknown[] = [];
    for (const digest of ['a', 'b', 'c']) {
      await use(digest);
      totals.push(await environment.write(() => environment.openDatabase('replay-totals').get('total')));
    }

    expect(totals).toEqual([25, 10, 3]);
  });

  test('opens with the proofs, the quotas and the room of before', async () => {
    await openStore(3);
    await use('a', { quota: 2 });
    await use('b', { quota: 2 });
    await environment.close();
    await openStore(3);

    expect([await use('a'), await use('c', { quota: 2 }), await use('d', { jkt: 'l' })]).toEqual([
      'repeated',
      'over_quota',
      'first',
    ]);
    await expect(use('e', { jkt: 'l' })).rejects.toMatchObject({ status: 503 });
  });

  test('restores the quota when a window has passed, although expired proofs are not yet deleted', async () => {
    await openStore(1000);
    await Promise.all(Array.from({ length: 100 }, (_, n) => use(`n${n}`, { quota: 100 })));
    machine.pass(LIFETIME);

    expect(await use('later', { quota: 100 })).toBe('first');
  });

  test('does not start a window early for a proof that is about to expire', async () => {
    await openStore(1000);
    await use('old', { quota: 3, lifetime: 1 });
    await use('a', { quota: 3 });
    await use('b', { quota: 3 });
    machine.pass(2);

    expect(await use('c', { quota: 3 })).toBe('over_quota');
  });

  test('restores the quota of a key when the clock is set back', async () => {
    await openStore(1000);
    await use('a', { quota: 1 });
    machine.set(-HOUR);

    expect([await use('a', { quota: 1 }), await use('b', { quota: 1 })]).toEqual(['repeated', 'first']);
  });
});
