import type { NumericDate } from '../clock.js';
import { mergeEntries, type RevocationEntry } from './revocation-store.js';

/** Entries that expire within the same so many seconds are forgotten together. */
const BUCKET_SECONDS = 60;

/** Revocations in the memory of one process, in the order in which they expire. */
export class RevocationIndex {
  readonly #entries = new Map<string, RevocationEntry>();
  readonly #owned = new Map<string, number>();
  readonly #buckets = new Map<number, Set<string>>();
  #sweptTo = 0;

  get size(): number {
    return this.#entries.size;
  }

  find(name: string): RevocationEntry | undefined {
    return this.#entries.get(name);
  }

  entries(): IterableIterator<RevocationEntry> {
    return this.#entries.values();
  }

  /** How many entries are there on request of one client. */
  countOf(owner: string): number {
    return this.#owned.get(owner) ?? 0;
  }

  /** Keeps an entry, or the wider of two. */
  add(entry: RevocationEntry): void {
    const present = this.#entries.get(entry.name);
    const merged = mergeEntries(present, entry);
    if (present !== undefined) this.#forget(present);
    const bucket = bucketOf(merged.expiresAt);
    this.#entries.set(merged.name, merged);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? new Set()).add(merged.name));
    this.#count(merged.owner, 1);
  }

  /** Looks at the buckets once in the time of a bucket. */
  forgetExpired(now: NumericDate): void {
    const current = bucketOf(now);
    if (current <= this.#sweptTo) return;
    this.#sweptTo = current;
    for (const [bucket, names] of this.#buckets) {
      if (bucket >= current) continue;
      for (const name of names) {
        const entry = this.#entries.get(name);
        if (entry !== undefined) this.#forget(entry);
      }
      this.#buckets.delete(bucket);
    }
  }

  #forget(entry: RevocationEntry): void {
    this.#entries.delete(entry.name);
    this.#buckets.get(bucketOf(entry.expiresAt))?.delete(entry.name);
    this.#count(entry.owner, -1);
  }

  #count(owner: string | undefined, change: 1 | -1): void {
    if (owner === undefined) return;
    const total = this.countOf(owner) + change;
    if (total === 0) this.#owned.delete(owner);
    else this.#owned.set(owner, total);
  }
}

function bucketOf(time: NumericDate): number {
  return Math.floor(time / BUCKET_SECONDS);
}
