import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { nameOfFailure } from './name-of-failure.js';

export interface DirectoryWatch {
  readonly directory: string;
  /** How long the directory must have been quiet before `onChange` is called, in milliseconds. Default 100. */
  readonly debounceMs?: number;
  /**
   * Interval of `onPoll` in seconds.
   *
   * @default every second while the directory cannot be watched, otherwise never
   */
  readonly pollSeconds?: number;
  /** Called after a change in the directory, or after another directory took its place. */
  readonly onChange: () => void;
  /** Called at intervals, because network file systems do not report changes by other machines. */
  readonly onPoll: () => void;
  /** Called with the error code if the directory exists but cannot be watched, once until the code changes. */
  readonly onUnwatchable?: (code: string) => void;
}

/** `onChange` is called after this many times `debounceMs` at the latest, even if the directory is never quiet. */
const MAX_WAITS = 5;

const RETRY_SECONDS = 1;

/**
 * Watches a directory and its parent. Single files are not watched, because editors replace them and Kubernetes swaps
 * the links of a volume (`..data`). The parent shows that the directory itself is replaced. Keeps no process alive.
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

  /** Opens the new watchers before it closes the old ones, so that no change is missed in between. */
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
