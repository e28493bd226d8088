import type { JwkSet, KeySource } from 'passport-jwe';

/** A key source that tests read, change and take away. */
export interface MemoryKeySource extends KeySource {
  set: JwkSet;
  /** What `load` rejects with instead. */
  failure: Error | undefined;
  /** What `load` waits for. */
  gate: Promise<void>;
  readonly loads: number;
  /** Called before a replacement is compared. */
  beforeReplace: () => void;
  /** Tells whoever watches. */
  tell(): void;
  readonly watchers: number;
  replace(previous: JwkSet, next: JwkSet): Promise<boolean>;
}

export function memoryKeySource(set: JwkSet): MemoryKeySource {
  const watchers = new Set<() => void>();
  let loads = 0;
  const source: MemoryKeySource = {
    name: 'memory',
    set,
    failure: undefined,
    gate: Promise.resolve(),
    beforeReplace: () => undefined,
    get loads() {
      return loads;
    },
    get watchers() {
      return watchers.size;
    },
    async load() {
      loads += 1;
      await source.gate;
      if (source.failure !== undefined) throw source.failure;
      return source.set;
    },
    async replace(previous, next) {
      source.beforeReplace();
      if (JSON.stringify(source.set) !== JSON.stringify(previous)) return false;
      source.set = next;
      return true;
    },
    watch(onChange) {
      watchers.add(onChange);
      return () => void watchers.delete(onChange);
    },
    tell: () => {
      for (const onChange of watchers) onChange();
    },
  };
  return source;
}
