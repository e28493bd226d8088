import { batchSize, type FoldableEntry, foldGroupOf, isFoldable } from '../fold-entries.js';
import type { RevocationEntry } from '../revocation-store.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

/** Which entries of a group can be folded. All but `largest` only within `write`. */
export interface FoldableEntries {
  enter(entry: RevocationEntry): void;
  leave(entry: RevocationEntry): void;
  countOf(group: string): number;
  /** Names of the oldest entries of a group, by their places in it. */
  oldestOf(group: string, bound: number): ReadonlyMap<string, string>;
  /** Drops a place whose entry is gone: releases that know of no folding left it. */
  drop(group: string, place: string): void;
  /** The group that has most. */
  largest(): { readonly group: string; readonly count: number } | undefined;
}

const COUNT = 'fold ';

/** Digits of a cut-off in a key, so that keys are in the order of time. */
const TIME_LENGTH = 12;

/** Counts are kept, since LMDB counts a range by reading it. */
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

/** A group in JSON ends by itself and holds no control character, so the keys of two groups never mix. */
function keyOf(group: string, { fold, name }: FoldableEntry): string {
  const time = String(Math.max(0, Math.floor(fold.issuedUpTo))).padStart(TIME_LENGTH, '0');
  return `${JSON.stringify(group)}${time}${name}`;
}
