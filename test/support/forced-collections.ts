import { constants, PerformanceObserver } from 'node:perf_hooks';

export const { NODE_PERFORMANCE_GC_MINOR: MINOR, NODE_PERFORMANCE_GC_MAJOR: MAJOR } = constants;
const { NODE_PERFORMANCE_GC_FLAGS_FORCED: FORCED } = constants;

/** Node.js queues the entries, and then the call of the observer, for later turns of the event loop. */
async function deliverEntries(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

/** Returns the kinds of the garbage collections that a call requests. */
export async function collectionsBy(call: () => unknown): Promise<readonly unknown[]> {
  const kinds: unknown[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { flags, kind } = Object('detail' in entry ? entry.detail : {});
      if ((flags & FORCED) !== 0) kinds.push(kind);
    }
  });
  // Of earlier collections.
  await deliverEntries();
  observer.observe({ entryTypes: ['gc'] });
  await call();
  await deliverEntries();
  observer.disconnect();
  return kinds;
}
