export interface CallCounter {
  readonly count: () => number;
  /** To be called. */
  readonly call: () => void;
  /** Resolves once it was called that often, counted from the beginning; rejects after ten seconds. */
  readonly until: (count: number) => Promise<void>;
}

export function countCalls(): CallCounter {
  let count = 0;
  const waiting = new Set<() => void>();
  return {
    count: () => count,
    call() {
      count += 1;
      for (const look of waiting) look();
    },
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`Called ${count} times, not ${wanted}`)), 10_000);
        const look = (): void => {
          if (count < wanted) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
