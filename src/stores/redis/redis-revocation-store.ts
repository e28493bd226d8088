import { createSingleFlight } from '../../base/single-flight.js';
import { type Folding, isFoldable, MAX_FOLDINGS, widest } from '../fold-entries.js';
import { fullStoreError, type RevocationEntry, type RevocationStore } from '../revocation-store.js';
import type { StoreBounds } from '../stores.js';
import type { RevocationLog } from './revocation-log.js';
import type { RevocationReplica } from './revocation-replica.js';

/** Create a revocation store that writes to Redis, reads the local replica, and plans folding steps on the replica. */
export function redisRevocationStore(
  log: RevocationLog,
  replica: RevocationReplica,
  bounds: Required<StoreBounds>,
): RevocationStore {
  const { maxRevocations, maxRevocationsPerClient } = bounds;
  /** Run a folding step, which concurrent additions share. */
  const folding = createSingleFlight(async (plan: Folding): Promise<void> => {
    await log.fold(plan);
    replica.fold(plan);
  });
  const foldGroupOf = async (entry: RevocationEntry): Promise<void> => {
    for (let step = 0; step < MAX_FOLDINGS; step += 1) {
      const isNew = replica.peek(entry.name) === undefined;
      const plan = isNew ? replica.planFolding(maxRevocationsPerClient, entry) : undefined;
      if (plan === undefined) return;
      await folding.run(plan);
    }
  };
  /**
   * Store an entry or, in a full store, its widest replacement. Return the stored entry. Cut-offs of API keys are
   * always accepted, because they are few.
   */
  const keep = async (entry: RevocationEntry): Promise<RevocationEntry> => {
    for (let step = 0; step < MAX_FOLDINGS; step += 1) {
      if (await log.keep([entry], maxRevocations)) return entry;
      const plan = replica.planFolding(maxRevocations);
      if (plan !== undefined) {
        await folding.run(plan);
      } else {
        if (!isFoldable(entry)) throw fullStoreError();
        const wide = widest(entry);
        await log.keep([wide]);
        return wide;
      }
    }
    await log.keep([entry]);
    return entry;
  };

  return {
    async add(entry) {
      await foldGroupOf(entry);
      replica.add(await keep(entry));
    },
    find: (name) => replica.find(name),
    completeSince: () => replica.completeSince(),
    get ageSeconds() {
      return replica.ageMs / 1000;
    },
    get size() {
      return replica.size;
    },
    get fill() {
      return replica.fillWithin(bounds);
    },
  };
}
