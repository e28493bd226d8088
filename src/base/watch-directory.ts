import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { nameOfFailure } from './name-of-failure.js';

/** Directory to watch, and callbacks for its changes. */
export interface DirectoryWatch {
  readonly directory: string;
  /** Time without further changes after which `onChange` is called, in milliseconds. Default 100. */
  readonly debounceMs?: number;
  /**
   * Polling interval in seconds.
   *
   * @default 1 while the directory cannot be watched, otherwise no polling
   */
  readonly pollSeconds?: number;
  /** Called after the directory was changed or replaced. */
  readonly onChange: () => void;
  /** Called every `pollSeconds`, because network file systems do not report changes by other machines. */
  readonly onPoll: () => void;
  /** Called with the error code if an existing directory cannot be watched. Called again only if the code changes. */
  readonly onUnwatchable?: (code: string) => void;
}

/** Maximum delay of `onChange`, in multiples of `debounceMs`, while changes continue. */
const MAX_WAITS = 5;

/** Polling interval while the directory cannot be watched, in seconds. */
const RETRY_SECONDS = 1;

/**
 * Watch a directory and its parent. The watch does not keep the process alive.
 *
 * Watching single files would miss changes, because editors replace files and Kubernetes swaps the `..data` link of a
 * volume. Watching the parent detects replacement of the directory itself.
 *
 * @returns a function that ends the watch.
 */
export function watchDirectory(options: DirectoryWatch): () => void {
  const { debounceMs = 100, pollSeconds, onChange, onPoll, onUnwatchable } = options;
  const directory = resolve(options.directory);
  const name = basename(directory);
  let watchers: readonly FSWatcher[] = [];
  let isWatched = false;
  let isEnded = false;
  let settleTimer: NodeJS.Timeout | undefined;
  let pollTimer: NodeJS.Timeout | undefined;
  let latest: number | undefined;
  let reportedCode = '';

  /** Open new watchers before closing the old ones, so that no change is missed. */
  const attach = (): void => {
    const former = watchers;
    isWatched = true;
    watchers = [
      openWatcher(directory, wait, giveUp),
      openWatcher(dirname(directory), (changed) => {
        if (changed === name || changed === null) wait();
      }),
    ].filter((watcher) => watcher !== undefined);
    for (const watcher of former) watcher.close();
    schedulePoll();
  };
  const giveUp = (code: string): void => {
    isWatched = false;
    schedulePoll();
    if (code === reportedCode || code === 'ENOENT') return;
    reportedCode = code;
    onUnwatchable?.(code);
  };
  const wait = (): void => {
    if (isEnded) return;
    const now = performance.now();
    latest ??= now + MAX_WAITS * debounceMs;
    clearTimeout(settleTimer);
    settleTimer = setTimeout(settle, Math.max(0, Math.min(debounceMs, latest - now))).unref();
  };
  const settle = (): void => {
    latest = undefined;
    attach();
    onChange();
  };
  const schedulePoll = (): void => {
    if (isEnded) return;
    const seconds = pollSeconds ?? (isWatched ? undefined : RETRY_SECONDS);
    if (seconds !== undefined) pollTimer ??= setTimeout(poll, seconds * 1000).unref();
    else endPoll();
  };
  const endPoll = (): void => {
    clearTimeout(pollTimer);
    pollTimer = undefined;
  };
  const poll = (): void => {
    pollTimer = undefined;
    attach();
    onPoll();
  };

  attach();
  return () => {
    isEnded = true;
    clearTimeout(settleTimer);
    endPoll();
    for (const watcher of watchers) watcher.close();
  };
}

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
