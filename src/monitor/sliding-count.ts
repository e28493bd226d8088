import { LRUCache } from 'lru-cache';
import type { NumericDate } from '../base/clock.js';

/** A window slides by a sixth of itself; what is counted lies in it whole. */
const SLOTS = 6;

/** How many there were within a window that ends now, for a bounded number of subjects. */
export interface SlidingCounts {
  /** @returns how many there were of this subject within the window, these included. */
  add(subject: string, now: NumericDate, count: number): number;
  /** How many subjects are counted. */
  readonly size: number;
}

export interface SlidingCountOptions {
  readonly windowSeconds: number;
  /** Beyond that, the subject that was counted longest ago makes room, and begins anew when it comes back. */
  readonly maxSubjects: number;
}

interface SlidingCount {
  readonly slots: number[];
  /** Number of the newest slot, counted from 1970. */
  newest: number;
}

export function createSlidingCounts({ windowSeconds, maxSubjects }: SlidingCountOptions): SlidingCounts {
  const counts = new LRUCache<string, SlidingCount>({ max: maxSubjects });

  const find = (subject: string, slot: number): SlidingCount => {
    const known = counts.get(subject);
    // A clock that was set back by more than the window has made the past meaningless.
    if (known !== undefined && slot > known.newest - SLOTS) return known;
    const begun = { slots: new Array<number>(SLOTS).fill(0), newest: slot };
    counts.set(subject, begun);
    return begun;
  };

  return {
    add(subject, now, count) {
      const slot = Math.floor((now * SLOTS) / windowSeconds);
      const entry = find(subject, slot);
      slide(entry, slot);
      entry.slots[slot % SLOTS] = (entry.slots[slot % SLOTS] ?? 0) + count;
      return sumOf(entry.slots);
    },
    get size() {
      return counts.size;
    },
  };
}

function sumOf(slots: readonly number[]): number {
  let sum = 0;
  for (const count of slots) sum += count;
  return sum;
}

/** Empties the slots that have gone by. */
function slide(entry: SlidingCount, slot: number): void {
  for (let gone = Math.max(entry.newest, slot - SLOTS) + 1; gone <= slot; gone += 1) {
    entry.slots[gone % SLOTS] = 0;
  }
  entry.newest = Math.max(entry.newest, slot);
}
