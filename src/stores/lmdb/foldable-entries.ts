import { batchSize, type FoldableEntry, foldGroupOf, isFoldable } from '../fold-entries.js';
import type { RevocationEntry } from '../revocation-store.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

/** Index of the foldable entries of each group. Call all methods except `largest` only within `write`. */
export interface FoldableEntries {
  enter(entry: RevocationEntry): void;
  leave(entry: RevocationEntry): void;
  countOf(group: string): number;
  /** Returns the names of the oldest entries of a group, by their keys in the index. */
  oldestOf(group: string, bound: number): ReadonlyMap<string, string>;
  /** Deletes a stale key: releases without folding remove an entry but not its key. */
  drop(group: string, place: string): void;
  /** Returns the largest group. */
  largest(): { readonly group: string; readonly count: number } | undefined;
}

const COUNT = 'fold ';

/** Digits of a cut-off in a key, so that keys sort by time. */
const TIME_LENGTH = 12;

/** Stores the counts, because LMDB counts a range by reading it. */
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

/** JSON is self-delimiting and has no control characters, so that keys of two groups never overlap. */
function keyOf(group: string, { fold, name }: FoldableEntry): string {
  const time = String(Math.max(0, Math.floor(fold.issuedUpTo))).padStart(TIME_LENGTH, '0');
  return `${JSON.stringify(group)}${time}${name}`;
}
