import { type Clock, type NumericDate, systemClock } from '../../clock.js';
import { TemporarilyUnavailableError } from '../../errors.js';
import { assertOptions, type KnownOptions } from '../../options.js';
import { mergeEntries, type RevocationEntry, type RevocationStore } from '../revocation-store.js';

export interface MemoryRevocationStoreOptions {
  /** Most entries that it holds at once; a further one is refused, none is forgotten. Default 1 000 000. */
  readonly maxEntries?: number;
  /** Most entries of one owner. Default 10 000. */
  readonly maxEntriesPerOwner?: number;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

const KNOWN: KnownOptions<MemoryRevocationStoreOptions> = {
  maxEntries: true,
  maxEntriesPerOwner: true,
  clock: true,
};

/** Entries that expire within the same so many seconds are forgotten together. */
const BUCKET_SECONDS = 60;

/**
 * Keeps revocations in the memory of one process: gone when it ends, unknown to others. For tests, for
 * development, and where tokens live so short that a restart may forget what was revoked.
 * @throws TypeError for a bound that is no positive whole number.
 */
export function memoryRevocationStore(options: MemoryRevocationStoreOptions = {}): RevocationStore {
  assertOptions(options, KNOWN, 'memoryRevocationStore');
  const { maxEntries = 1_000_000, maxEntriesPerOwner = 10_000, clock = systemClock } = options;
  for (const bound of [maxEntries, maxEntriesPerOwner]) {
    if (!Number.isInteger(bound) || bound < 1) throw new TypeError('Bounds must be positive whole numbers');
  }
  const entries = new Map<string, RevocationEntry>();
  const owned = new Map<string, number>();
  const buckets = new Map<number, Set<string>>();

  const count = (owner: string | undefined, change: 1 | -1): void => {
    if (owner === undefined) return;
    const total = (owned.get(owner) ?? 0) + change;
    if (total === 0) owned.delete(owner);
    else owned.set(owner, total);
  };
  const forget = (entry: RevocationEntry): void => {
    entries.delete(entry.name);
    buckets.get(bucketOf(entry.expiresAt))?.delete(entry.name);
    count(entry.owner, -1);
  };
  const keep = (entry: RevocationEntry): void => {
    const bucket = bucketOf(entry.expiresAt);
    entries.set(entry.name, entry);
    buckets.set(bucket, (buckets.get(bucket) ?? new Set()).add(entry.name));
    count(entry.owner, 1);
  };
  const forgetExpired = (now: NumericDate): void => {
    for (const [bucket, names] of buckets) {
      if (bucket >= bucketOf(now)) continue;
      for (const name of names) {
        const entry = entries.get(name);
        if (entry !== undefined) forget(entry);
      }
      buckets.delete(bucket);
    }
  };

  return {
    async add(entry) {
      forgetExpired(clock());
      const present = entries.get(entry.name);
      if (present === undefined) assertRoom(entry);
      const merged = mergeEntries(present, entry);
      if (present !== undefined) forget(present);
      keep(merged);
    },
    find: (name) => entries.get(name),
    get size() {
      return entries.size;
    },
    async close() {
      entries.clear();
      owned.clear();
      buckets.clear();
    },
  };

  function assertRoom({ owner }: RevocationEntry): void {
    if (entries.size >= maxEntries) throw full('The revocation store is full');
    if (owner !== undefined && (owned.get(owner) ?? 0) >= maxEntriesPerOwner) {
      throw full('The revocations of one API key are at their bound');
    }
  }
}

function bucketOf(time: NumericDate): number {
  return Math.floor(time / BUCKET_SECONDS);
}

function full(message: string): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({ retryAfterSeconds: BUCKET_SECONDS, cause: new Error(message) });
}
