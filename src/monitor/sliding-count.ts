import { LRUCache } from 'lru-cache';
import type { NumericDate } from '../base/clock.js';

/** Number of slots per window. The window slides by one slot, so it never covers more than `windowSeconds`. */
const SLOTS = 6;

/** Counters within a sliding window, for a bounded number of subjects. */
export interface SlidingCounts {
  /**
   * Add to the count of a subject.
   *
   * @returns the count within the window, including `count`
   */
  add(subject: string, now: NumericDate, count: number): number;
  /** Number of counted subjects. */
  readonly size: number;
}

export interface SlidingCountOptions {
  readonly windowSeconds: number;
  /** Maximum number of subjects. The least recently counted subject is evicted and later starts from zero. */
  readonly maxSubjects: number;
}

interface SlidingCount {
  readonly slots: number[];
  /** Index of the newest slot, counted from 1970. */
  newest: number;
}

export function createSlidingCounts({ windowSeconds, maxSubjects }: SlidingCountOptions): SlidingCounts {
  const counts = new LRUCache<string, SlidingCount>({ max: maxSubjects });

  const find = (subject: string, slot: number): SlidingCount => {
    const known = counts.get(subject);
    // If the clock was set back by more than the window, earlier counts are meaningless.
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

/** Move the window to a slot and reset expired slots. */
function slide(entry: SlidingCount, slot: number): void {
  for (let gone = Math.max(entry.newest, slot - SLOTS) + 1; gone <= slot; gone += 1) {
    entry.slots[gone % SLOTS] = 0;
  }
  entry.newest = Math.max(entry.newest, slot);
}
