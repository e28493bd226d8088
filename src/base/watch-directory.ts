import { type FSWatcher, statSync, watch } from 'node:fs';

export interface DirectoryWatch {
  readonly directory: string;
  /** What there is now, as a text that differs from state to state. It never rejects. */
  readonly readState: () => Promise<string>;
  /** The state that was loaded last; `undefined` before. */
  readonly loadedState: () => string | undefined;
  readonly onChange: () => void;
}

/** Events within this time are one. */
const SETTLE_MS = 100;

/** Where nothing can be watched, because the directory is absent or the machine is out of watches, it looks so often. */
const RETRY_MS = 1000;

/**
 * Watches a directory, not a file in it: a file that is replaced takes its watches with it, and the volumes of Kubernetes
 * change by a symbolic link (`..data`) that is replaced. Calls back where what there is differs from what was loaded, and
 * once for each such difference, whatever else happens in the directory. It keeps no process alive.
 * @returns what ends it.
 */
export function watchDirectory({ directory, readState, loadedState, onChange }: DirectoryWatch): () => void {
  let watcher: FSWatcher | undefined;
  let watched = '';
  let timer: NodeJS.Timeout | undefined;
  let reported = '';
  let isEnded = false;

  const schedule = (delayMs: number): void => {
    if (isEnded) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void look();
    }, delayMs).unref();
  };
  const release = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  /** A directory that was itself replaced has to be watched anew. */
  const arm = (): void => {
    try {
      const { dev, ino } = statSync(directory, { bigint: true });
      if (watcher !== undefined && watched === `${dev}:${ino}`) return;
      release();
      watcher = watch(directory, { persistent: false }, () => schedule(SETTLE_MS));
      watcher.on('error', release);
      watched = `${dev}:${ino}`;
    } catch {
      release();
    }
  };
  const look = async (): Promise<void> => {
    arm();
    if (watcher === undefined) schedule(RETRY_MS);
    const state = await readState();
    const loaded = loadedState();
    const difference = JSON.stringify([loaded, state]);
    if (isEnded || state === loaded || difference === reported) return;
    reported = difference;
    onChange();
  };

  void look();
  return () => {
    isEnded = true;
    clearTimeout(timer);
    release();
  };
}
