import { type Clock, type NumericDate, settledBound } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { assertReplayUse, type ReplayStore, type ReplayUse, type ReplayVerdict } from '../replay-store.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

/** Maximum number of recorded proofs. A full store rejects new proofs and deletes no unexpired proof. */
const MAX_PROOFS = 1_000_000;

/** A recorded proof. Its key is the digest. */
interface RecordedProof {
  readonly jkt: string;
  readonly expiresAt: NumericDate;
}

/** Create a replay store in LMDB. The single writer makes check and record one atomic step across processes. */
export function lmdbReplayStore(environment: LmdbEnvironment, clock: Clock): ReplayStore {
  const proofs = environment.openTable<RecordedProof>('replays');
  /** Number of recorded proofs of each key, and in total. */
  const counts = environment.openDatabase<number>('replay-counts');
  const deletableUntil = settledBound(clock);

  const change = (name: string, by: 1 | -1): void => {
    const count = (counts.get(name) ?? 0) + by;
    if (count <= 0) counts.remove(name);
    else counts.put(name, count);
  };
  const count = ({ jkt }: RecordedProof, by: 1 | -1): void => {
    change(countOf(jkt), by);
    change(TOTAL, by);
  };
  const record = ({ digest, jkt, quota, expiresAt }: ReplayUse): ReplayVerdict | 'full' => {
    proofs.sweep(deletableUntil(), (expired) => count(expired, -1));
    if (proofs.get(digest) !== undefined) return 'repeated';
    if ((counts.get(countOf(jkt)) ?? 0) >= quota) return 'over_quota';
    if ((counts.get(TOTAL) ?? 0) >= MAX_PROOFS) return 'full';
    const proof = { jkt, expiresAt };
    proofs.put(digest, proof);
    count(proof, 1);
    return 'first';
  };

  return {
    async use(use) {
      assertReplayUse(use);
      const verdict = await environment.write(() => record(use));
      if (verdict === 'full') throw full();
      return verdict;
    },
  };
}

const TOTAL = 'total';

function countOf(jkt: string): string {
  return `key ${jkt}`;
}

function full(): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({
    cause: new Error(
      `The LMDB replay store is full (${MAX_PROOFS} proofs): use Redis, or a shorter maximum age`,
    ),
  });
}
