import { batchSize, type FoldableEntry, foldGroupOf, isFoldable } from '../fold-entries.js';
import type { RevocationEntry } from '../revocation-store.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

/** Index of the foldable entries by fold group. Call all methods except `largest` within `write`. */
export interface FoldableEntries {
  enter(entry: RevocationEntry): void;
  leave(entry: RevocationEntry): void;
  countOf(group: string): number;
  /** Return the names of the oldest entries of a group, keyed by their index keys. */
  oldestOf(group: string, bound: number): ReadonlyMap<string, string>;
  /** Delete a stale index key. Release without folding delete an entry, but not its index key. */
  drop(group: string, place: string): void;
  /** Return the group with the most entries, or `undefined` if the index is empty. */
  largest(): { readonly group: string; readonly count: number } | undefined;
}

const COUNT = 'fold ';

/** Number of digits of a cut-off in an index key. The fixed length makes keys sort by time. */
const TIME_LENGTH = 12;

/** Open the index. Entry counts are stored separately, because LMDB can only count a range by reading it. */
export function foldableEntries(environment: LmdbEnvironment): FoldableEntries {
  const names = environment.openDatabase<string>('revocations-foldable');
  const counts = environment.openDatabase<number>('revocation-counts');

  const countOf = (group: string): number => counts.get(COUNT + group) ?? 0;
  const change = (group: string, by: 1 | -1): void => {
    const count = countOf(group) + by;
    if (count <= 0) counts.remove(COUNT + group);
    else counts.put(COUNT + group, count);
  };
  const rangeOf = (group: string) => ({ start: JSON.stringify(group), end: `${JSON.stringify(group)}:` });

  return {
    enter(entry) {
      const group = foldGroupOf(entry);
      if (group === undefined || !isFoldable(entry)) return;
      names.put(keyOf(group, entry), entry.name);
      change(group, 1);
    },
    leave(entry) {
      const group = foldGroupOf(entry);
      if (group === undefined || !isFoldable(entry)) return;
      names.remove(keyOf(group, entry));
      change(group, -1);
    },
    countOf,
    oldestOf(group, bound) {
      const limit = batchSize(countOf(group), bound);
      return new Map([...names.getRange({ ...rangeOf(group), limit })].map(({ key, value }) => [key, value]));
    },
    drop(group, place) {
      names.remove(place);
      change(group, -1);
    },
    largest() {
      let found: { group: string; count: number } | undefined;
      for (const { key, value: count } of counts.getRange({ start: COUNT, end: `${COUNT}\uffff` })) {
        if (count > (found?.count ?? 0)) found = { group: key.slice(COUNT.length), count };
      }
      return found;
    },
  };
}

/** Return the index key of an entry. Its prefix is the group as JSON, so the key ranges of groups never overlap. */
function keyOf(group: string, { fold, name }: FoldableEntry): string {
  const time = String(Math.max(0, Math.floor(fold.issuedUpTo))).padStart(TIME_LENGTH, '0');
  return `${JSON.stringify(group)}${time}${name}`;
}
