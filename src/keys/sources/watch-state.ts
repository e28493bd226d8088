import { watchDirectory } from '../../base/watch-directory.js';

export interface StateWatch {
  readonly directory: string;
  /** Return a string that identifies the current state. Never rejects. */
  readonly readState: () => Promise<string>;
  /** Return the last loaded state, or `undefined` before the first load. */
  readonly loadedState: () => string | undefined;
  readonly onChange: () => void;
}

/**
 * Call `onChange` once for each state of a directory that differs from the loaded state. Does not keep the process
 * alive.
 *
 * @returns a function that stops watching.
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
