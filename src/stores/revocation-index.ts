import type { NumericDate } from '../base/clock.js';
import {
  batchSize,
  type FoldableEntry,
  type Folding,
  foldEntries,
  foldGroupOf,
  isFoldable,
  isFoldedInto,
  oldestOf,
} from './fold-entries.js';
import { mergeEntries, type RevocationEntry, type RevocationFill } from './revocation-store.js';
import type { StoreBounds } from './stores.js';

/** Width of an expiry bucket, in seconds. All entries in a bucket are deleted together. */
const BUCKET_SECONDS = 60;

/** In-memory index of revocations by name, by expiry and by fold group. */
export class RevocationIndex {
  readonly #entries = new Map<string, RevocationEntry>();
  /** Foldable entries, keyed by the name of each wider entry that can replace them. */
  readonly #groups = new Map<string, Map<string, FoldableEntry>>();
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

  /** Return the number of foldable entries in the group of an entry. */
  countBeside(entry: RevocationEntry): number {
    return this.#groups.get(foldGroupOf(entry) ?? '')?.size ?? 0;
  }

  fillWithin({ maxRevocations, maxRevocationsPerClient }: Required<StoreBounds>): RevocationFill {
    return {
      entries: this.size,
      maxEntries: maxRevocations,
      clientEntries: this.#groups.get(this.#largestGroup() ?? '')?.size ?? 0,
      maxClientEntries: maxRevocationsPerClient,
    };
  }

  /** Add an entry or merge it with the entry of the same name. Delete narrower entries that the result covers. */
  add(entry: RevocationEntry): void {
    const present = this.#entries.get(entry.name);
    const merged = mergeEntries(present, entry);
    if (present !== undefined) this.#forget(present);
    const bucket = bucketOf(merged.expiresAt);
    this.#entries.set(merged.name, merged);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? new Set()).add(merged.name));
    this.#enterGroups(merged);
    for (const narrow of this.#groups.get(merged.name)?.values() ?? []) {
      if (isFoldedInto(narrow, merged)) this.#forget(narrow);
    }
  }

  /**
   * Plan a folding step in the group of an entry or, without an entry, in the largest group. Return `undefined` if
   * the group has no foldable entries.
   */
  planFolding(bound: number, entry?: RevocationEntry): Folding | undefined {
    const group = this.#groups.get((entry === undefined ? this.#largestGroup() : foldGroupOf(entry)) ?? '');
    if (group === undefined) return undefined;
    return foldEntries(oldestOf(group.values(), batchSize(group.size, bound)));
  }

  /** Delete expired entries. Scans the expiry buckets at most once a minute. */
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
    for (const name of entry.fold?.into ?? []) {
      const group = this.#groups.get(name);
      group?.delete(entry.name);
      if (group?.size === 0) this.#groups.delete(name);
    }
  }

  #enterGroups(entry: RevocationEntry): void {
    if (!isFoldable(entry)) return;
    for (const name of entry.fold.into) {
      const group = this.#groups.get(name) ?? new Map<string, FoldableEntry>();
      this.#groups.set(name, group.set(entry.name, entry));
    }
  }

  /** Return the largest group. It is always the group of an API key, which contains the groups of all its subjects. */
  #largestGroup(): string | undefined {
    let largest: string | undefined;
    let most = 0;
    for (const [name, { size }] of this.#groups) {
      if (size > most) [largest, most] = [name, size];
    }
    return largest;
  }
}

function bucketOf(time: NumericDate): number {
  return Math.floor(time / BUCKET_SECONDS);
}
