import { type Clock, earliestOf } from '../../clock.js';
import { RevocationIndex } from '../revocation-index.js';
import {
  type Fullness,
  fullStoreError,
  type RevocationEntry,
  type RevocationStore,
} from '../revocation-store.js';
import type { StoreBounds } from '../stores.js';

export function memoryRevocationStore(bounds: Required<StoreBounds>, clock: Clock): RevocationStore {
  const index = new RevocationIndex();

  const findFullness = ({ owner }: RevocationEntry): Fullness | undefined => {
    if (index.size >= bounds.maxRevocations) return 'store';
    if (owner !== undefined && index.countOf(owner) >= bounds.maxRevocationsPerClient) return 'owner';
    return undefined;
  };

  return {
    async add(entry) {
      index.forgetExpired(earliestOf(clock));
      const fullness = index.find(entry.name) === undefined ? findFullness(entry) : undefined;
      if (fullness !== undefined) throw fullStoreError(fullness);
      index.add(entry);
    },
    find: (name) => index.find(name),
    completeSince: () => 0,
    ageSeconds: 0,
    get size() {
      return index.size;
    },
  };
}
