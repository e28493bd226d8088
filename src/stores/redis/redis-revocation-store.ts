import { fullStoreError, type RevocationStore } from '../revocation-store.js';
import type { StoreBounds } from '../stores.js';
import type { RevocationLog } from './revocation-log.js';
import type { RevocationReplica } from './revocation-replica.js';

/** Writes go to Redis, questions to the replica of this process. */
export function redisRevocationStore(
  log: RevocationLog,
  replica: RevocationReplica,
  bounds: Required<StoreBounds>,
): RevocationStore {
  return {
    async add(entry) {
      const fullness = await log.keep([entry], bounds);
      if (fullness !== undefined) throw fullStoreError(fullness);
      replica.add(entry);
    },
    find: (name) => replica.find(name),
    completeSince: () => replica.completeSince(),
    get ageSeconds() {
      return replica.ageMs / 1000;
    },
    get size() {
      return replica.size;
    },
  };
}
