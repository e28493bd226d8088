import { type Clock, earliestOf, type NumericDate } from '../../base/clock.js';
import { foldEntries, foldGroupOf, isFoldable, MAX_FOLDINGS, widest } from '../fold-entries.js';
import {
  fullStoreError,
  mergeEntries,
  type RevocationEntry,
  type RevocationStore,
} from '../revocation-store.js';
import type { StoreBounds } from '../stores.js';
import { foldableEntries } from './foldable-entries.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

export interface LmdbRevocationSetting {
  readonly bounds: Required<StoreBounds>;
  /** Time of the creation or of the last accepted restore. Tokens issued earlier count as revoked. */
  readonly startedAt: NumericDate;
  readonly clock: Clock;
}

/** A stored entry. Its key is the name. */
type StoredRevocation = Omit<RevocationEntry, 'name'>;

/** Create a revocation store in LMDB. All processes read the same memory-mapped pages, so none needs a replica. */
export function lmdbRevocationStore(
  environment: LmdbEnvironment,
  { bounds, startedAt, clock }: LmdbRevocationSetting,
): RevocationStore {
  const { maxRevocations, maxRevocationsPerClient } = bounds;
  const revocations = environment.openTable<StoredRevocation>('revocations');
  const counts = environment.openDatabase<number>('revocation-counts');
  const foldable = foldableEntries(environment);

  /** Update the counts of all entries and of an owner. Release without folding check the count of the owner. */
  const count = ({ owner }: StoredRevocation, change: 1 | -1): void => {
    counts.put(TOTAL, size() + change);
    if (owner === undefined) return;
    const owned = (counts.get(countOf(owner)) ?? 0) + change;
    if (owned === 0) counts.remove(countOf(owner));
    else counts.put(countOf(owner), owned);
  };
  const size = (): number => counts.get(TOTAL) ?? 0;
  const find = (name: string): RevocationEntry | undefined => {
    const stored = revocations.get(name);
    return stored === undefined ? undefined : { name, ...stored };
  };
  const forget = (entry: RevocationEntry): void => {
    count(entry, -1);
    foldable.leave(entry);
  };
  const put = (entry: RevocationEntry): void => {
    const present = find(entry.name);
    const merged = mergeEntries(present, entry);
    const { name, ...stored } = merged;
    if (present !== undefined) forget(present);
    count(merged, 1);
    foldable.enter(merged);
    revocations.put(name, stored);
  };

  /** Fold the oldest entries of a group. Return whether the group had any entries. */
  const foldOldest = (group: string | undefined, bound: number): boolean => {
    if (group === undefined) return false;
    const oldest = foldable.oldestOf(group, bound);
    const folded = [...oldest].flatMap(([place, name]) => {
      const entry = find(name);
      if (entry !== undefined && isFoldable(entry)) return [entry];
      foldable.drop(group, place);
      return [];
    });
    const folding = foldEntries(folded);
    for (const wide of folding.wide) put(wide);
    for (const entry of folding.folded) {
      forget(entry);
      revocations.remove(entry.name);
    }
    return oldest.size > 0;
  };
  const fold = (group: () => string | undefined, bound: number, isNeeded: () => boolean): void => {
    for (let step = 0; step < MAX_FOLDINGS && isNeeded(); step += 1) {
      if (!foldOldest(group(), bound)) return;
    }
  };
  /**
   * Fold entries until the store has room. Return whether it has room. Call it within `write`: other processes must
   * not see the narrow entries disappear before the wide entry exists.
   */
  const makeRoom = (entry: RevocationEntry): boolean => {
    const group = foldGroupOf(entry);
    const isClientFull = () => foldable.countOf(group ?? '') >= maxRevocationsPerClient;
    const isFull = () => size() >= maxRevocations;
    fold(() => group, maxRevocationsPerClient, isClientFull);
    fold(() => foldable.largest()?.group, maxRevocations, isFull);
    return !isFull() || foldable.largest() !== undefined;
  };
  const keep = (entry: RevocationEntry): boolean => {
    revocations.sweep(earliestOf(clock), (expired, name) => forget({ name, ...expired }));
    const hasRoom = find(entry.name) !== undefined || makeRoom(entry);
    if (!hasRoom && !isFoldable(entry)) return false;
    // Cut-offs of API keys are always accepted, because they are few.
    put(hasRoom || !isFoldable(entry) ? entry : widest(entry));
    return true;
  };

  return {
    async add(entry) {
      if (!(await environment.write(() => keep(entry)))) throw fullStoreError();
    },
    find: (name) => environment.read(() => find(name)),
    completeSince: () => startedAt,
    ageSeconds: 0,
    get size() {
      return environment.read(size);
    },
    get fill() {
      const clientEntries = environment.read(() => foldable.largest()?.count ?? 0);
      return {
        ...{ entries: this.size, maxEntries: maxRevocations },
        ...{ clientEntries, maxClientEntries: maxRevocationsPerClient },
      };
    },
  };
}

const TOTAL = 'total';

function countOf(owner: string): string {
  return `owner ${owner}`;
}
