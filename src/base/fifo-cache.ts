/** Cache with a maximum number of entries. A full cache evicts its oldest entry. */
export interface FifoCache<Key, Value> {
  get(key: Key): Value | undefined;
  has(key: Key): boolean;
  set(key: Key, value: Value): void;
}

/**
 * Create an empty cache. Each read is a single `Map.get()`, which is faster than a read from an LRU cache.
 *
 * @param max maximum number of entries.
 */
export function createFifoCache<Key, Value>(max: number): FifoCache<Key, Value> {
  const entries = new Map<Key, Value>();

  return {
    get: (key) => entries.get(key),
    has: (key) => entries.has(key),
    set(key, value) {
      if (!entries.has(key) && entries.size >= max) {
        for (const oldest of entries.keys()) {
          entries.delete(oldest);
          break;
        }
      }
      entries.set(key, value);
    },
  };
}
