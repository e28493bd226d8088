import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { nameOfFailure } from './list-api-key-files.js';

export interface DirectoryWatch {
  readonly directory: string;
  /** How long it must have been quiet before `onChange` is called, in milliseconds. */
  readonly debounceMs: number;
  /** Time between two calls of `onPoll` in seconds. */
  readonly pollSeconds: number;
  /** Something changed in the directory, or it is another one. */
  readonly onChange: () => void;
  /** File systems of networks tell nothing of what others change: time to look. */
  readonly onPoll: () => void;
}

/** A directory that is never quiet is looked at after so many times `debounceMs` all the same. */
const MAX_WAITS = 5;

/**
 * Watches a directory: never single files, which editors replace, and whose links Kubernetes swaps; and its parent, in
 * which the directory itself may be replaced. Keeps no process alive.
 * @returns what ends it.
 */
export function watchDirectory(options: DirectoryWatch): () => void {
  const { debounceMs, pollSeconds, onChange, onPoll } = options;
  const directory = resolve(options.directory);
  const name = basename(directory);
  let watchers: readonly FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;
  let latest: number | undefined;
  let warnedOf = '';

  /** Watches what stands there by now, before it lets go of what stood there: nothing goes unseen between. */
  const attach = (): void => {
    const former = watchers;
    watchers = [
      openWatcher(directory, wait, warn),
      openWatcher(dirname(directory), (changed) => {
        if (changed === name || changed === null) wait();
      }),
    ].filter((watcher) => watcher !== undefined);
    for (const watcher of former) watcher.close();
  };
  const warn = (code: string): void => {
    if (code === warnedOf || code === 'ENOENT') return;
    warnedOf = code;
    const message = `${directory} cannot be watched (${code}); it is looked at every ${pollSeconds} s`;
    process.emitWarning(message, { code: 'PASSPORT_JWE_API_KEYS' });
  };
  const wait = (): void => {
    const now = performance.now();
    latest ??= now + MAX_WAITS * debounceMs;
    clearTimeout(timer);
    timer = setTimeout(settle, Math.max(0, Math.min(debounceMs, latest - now))).unref();
  };
  const settle = (): void => {
    latest = undefined;
    attach();
    onChange();
  };

  attach();
  const poll = setInterval(() => {
    attach();
    onPoll();
  }, pollSeconds * 1000).unref();
  return () => {
    clearInterval(poll);
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}

/** What is not there, or cannot be watched, is looked at by the poll alone. */
function openWatcher(
  path: string,
  onEvent: (changed: string | null) => void,
  onFailure: (code: string) => void = () => {},
): FSWatcher | undefined {
  try {
    const watcher = watch(path, { persistent: false }, (_event, changed) => onEvent(changed));
    watcher.on('error', (cause) => {
      onFailure(nameOfFailure(cause));
      watcher.close();
    });
    return watcher;
  } catch (cause) {
    onFailure(nameOfFailure(cause));
    return undefined;
  }
}
