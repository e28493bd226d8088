import { type Clock, type NumericDate, settledBound } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { assertReplayUse, type ReplayStore, type ReplayUse, type ReplayVerdict } from '../replay-store.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

/** Maximum number of recorded proofs. A full store rejects new proofs and deletes no unexpired proof. */
const MAX_PROOFS = 1_000_000;

/** Maximum number of expired proofs that one use deletes. Each is on a different page, which the transaction replaces. */
const SWEEP_LIMIT = 16;

/** A recorded proof. Its key is the digest. */
interface RecordedProof {
  readonly expiresAt: NumericDate;
}

/** Proofs of one key since a time. Its key is the thumbprint. The window lasts as long as the longest lifetime of them. */
interface KeyWindow {
  readonly count: number;
  readonly openedAt: NumericDate;
  readonly expiresAt: NumericDate;
}

/** Create a replay store in LMDB. The single writer makes check and record one atomic step across processes. */
export function lmdbReplayStore(
  environment: LmdbEnvironment,
  clock: Clock,
  maxProofs = MAX_PROOFS,
): ReplayStore {
  const proofs = environment.openTable<RecordedProof>('replays');
  const windows = environment.openTable<KeyWindow>('replay-windows');
  const totals = environment.openDatabase<number>('replay-totals');
  const deletableUntil = settledBound(clock);

  const total = (): number => totals.get(TOTAL) ?? 0;
  const deleteExpired = (until: NumericDate): void => {
    let deleted = 0;
    const countDeleted = (): void => {
      deleted += 1;
    };
    proofs.sweep(until, countDeleted, SWEEP_LIMIT);
    windows.sweep(until, undefined, SWEEP_LIMIT);
    if (deleted > 0) totals.put(TOTAL, total() - deleted);
  };
  /** Return the window of a key. One from the future was opened before the clock was set back, and does not count. */
  const windowAt = (now: NumericDate, jkt: string): KeyWindow => {
    const present = windows.get(jkt);
    const isOpen = present !== undefined && present.openedAt <= now && now < present.expiresAt;
    return isOpen ? present : { count: 0, openedAt: now, expiresAt: now };
  };
  const record = ({ digest, jkt, quota, expiresAt }: ReplayUse): ReplayVerdict | 'full' => {
    const now = clock();
    if (expiresAt <= now) return 'repeated';
    deleteExpired(deletableUntil(expiresAt - now));
    if (proofs.get(digest) !== undefined) return 'repeated';
    const window = windowAt(now, jkt);
    if (window.count >= quota) return 'over_quota';
    if (total() >= maxProofs) return 'full';
    proofs.put(digest, { expiresAt });
    windows.put(jkt, {
      count: window.count + 1,
      openedAt: window.openedAt,
      expiresAt: Math.max(window.expiresAt, window.openedAt + expiresAt - now),
    });
    totals.put(TOTAL, total() + 1);
    return 'first';
  };

  return {
    async use(use) {
      assertReplayUse(use);
      // Without a write, so that repeated proofs cost no disk sync.
      if (environment.read(() => proofs.get(use.digest)) !== undefined) return 'repeated';
      const verdict = await environment.write(() => record(use));
      if (verdict === 'full') throw full(maxProofs);
      return verdict;
    },
  };
}

const TOTAL = 'total';

function full(maxProofs: number): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({
    cause: new Error(
      `The LMDB replay store is full (${maxProofs} proofs): use Redis, or a shorter maximum age`,
    ),
  });
}
