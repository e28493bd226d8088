import { type Clock, earliestOf, type NumericDate } from '../../clock.js';
import {
  type Fullness,
  fullStoreError,
  mergeEntries,
  type RevocationEntry,
  type RevocationStore,
} from '../revocation-store.js';
import type { StoreBounds } from '../stores.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

export interface LmdbRevocationSetting {
  readonly bounds: Required<StoreBounds>;
  /** When the environment was made. */
  readonly startedAt: NumericDate;
  readonly clock: Clock;
}

/** What an entry is beside its name. */
type StoredRevocation = Omit<RevocationEntry, 'name'>;

/** Every process reads the same pages, so there is nothing to be brought up to date. */
export function lmdbRevocationStore(
  environment: LmdbEnvironment,
  { bounds, startedAt, clock }: LmdbRevocationSetting,
): RevocationStore {
  const revocations = environment.openTable<StoredRevocation>('revocations');
  const counts = environment.openDatabase<number>('revocation-counts');

  const count = ({ owner }: StoredRevocation, change: 1 | -1): void => {
    counts.put(TOTAL, (counts.get(TOTAL) ?? 0) + change);
    if (owner === undefined) return;
    const owned = (counts.get(countOf(owner)) ?? 0) + change;
    if (owned === 0) counts.remove(countOf(owner));
    else counts.put(countOf(owner), owned);
  };
  const findFullness = ({ owner }: RevocationEntry): Fullness | undefined => {
    if ((counts.get(TOTAL) ?? 0) >= bounds.maxRevocations) return 'store';
    if (owner === undefined) return undefined;
    return (counts.get(countOf(owner)) ?? 0) >= bounds.maxRevocationsPerClient ? 'owner' : undefined;
  };
  const find = (name: string): RevocationEntry | undefined => {
    const stored = revocations.get(name);
    return stored === undefined ? undefined : { name, ...stored };
  };
  const keep = (entry: RevocationEntry): Fullness | undefined => {
    revocations.sweep(earliestOf(clock), (expired) => count(expired, -1));
    const present = find(entry.name);
    const fullness = present === undefined ? findFullness(entry) : undefined;
    if (fullness !== undefined) return fullness;
    const { name, ...stored } = mergeEntries(present, entry);
    if (present !== undefined) count(present, -1);
    count(stored, 1);
    revocations.put(name, stored);
    return undefined;
  };

  return {
    async add(entry) {
      const fullness = await environment.write(() => keep(entry));
      if (fullness !== undefined) throw fullStoreError(fullness);
    },
    find: (name) => environment.read(() => find(name)),
    completeSince: () => startedAt,
    ageSeconds: 0,
    get size() {
      return environment.read(() => counts.get(TOTAL) ?? 0);
    },
  };
}

const TOTAL = 'total';

function countOf(owner: string): string {
  return `owner ${owner}`;
}
