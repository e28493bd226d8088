import { watchDirectory } from '../../base/watch-directory.js';

export interface StateWatch {
  readonly directory: string;
  /** Describes the present state by a string that differs from state to state. Never rejects. */
  readonly readState: () => Promise<string>;
  /** The state that was loaded last; `undefined` before the first load. */
  readonly loadedState: () => string | undefined;
  readonly onChange: () => void;
}

/**
 * Calls back if the state of a directory differs from the state that was loaded, and once for each such difference,
 * whatever else happens in the directory. Keeps no process alive.
 *
 * @returns a function that ends the watch.
 */
export function watchState({ directory, readState, loadedState, onChange }: StateWatch): () => void {
  let reported = '';
  let isEnded = false;

  const look = async (): Promise<void> => {
    const state = await readState();
    const loaded = loadedState();
    const difference = JSON.stringify([loaded, state]);
    if (isEnded || state === loaded || difference === reported) return;
    reported = difference;
    onChange();
  };
  const onEvent = (): void => void look();
  const unwatch = watchDirectory({ directory, onChange: onEvent, onPoll: onEvent });

  onEvent();
  return () => {
    isEnded = true;
    unwatch();
  };
}
