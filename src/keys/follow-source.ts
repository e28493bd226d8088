import type { KeySource } from './key-source.js';

/**
 * Reload at intervals and when the source reports a change. Runs do not overlap, because concurrent rotations would
 * conflict. The loader records failures.
 *
 * @param reload reloads the keys. Rejections are ignored.
 * @returns a function that stops reloading.
 */
export function followSource(
  source: KeySource,
  reloadSeconds: number,
  reload: () => Promise<void>,
): () => void {
  let isRunning = false;
  let hasChanged = false;
  const run = async (): Promise<void> => {
    if (isRunning) return;
    isRunning = true;
    do {
      hasChanged = false;
      await reload().catch(() => undefined);
    } while (hasChanged);
    isRunning = false;
  };
  const timer = setInterval(() => void run(), reloadSeconds * 1000).unref();
  const unwatch = source.watch?.(() => {
    hasChanged = true;
    void run();
  });
  return () => {
    clearInterval(timer);
    unwatch?.();
  };
}
