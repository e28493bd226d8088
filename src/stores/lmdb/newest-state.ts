import type { RootDatabase } from 'lmdb';
import { RestoredStoreError } from './restored-store-error.js';

type RootMethods = 'transactionSync' | 'getStats' | 'getWriteTxnId' | 'close';

/** Maximum number of attempts to open an environment while other processes commit. */
const MAX_OPENINGS = 20;

/**
 * Whether the current transaction continues the newest state in the file. Opening an environment resets the state that
 * LMDB considers newest (ITS#9496, present in lmdb-js). If another process commits at that moment, LMDB uses the state
 * before that commit, and the next writer would overwrite acknowledged data.
 */
export function continuesNewestState(root: Pick<RootDatabase, 'getStats' | 'getWriteTxnId'>): boolean {
  return Reflect.get(root.getStats(), 'lastTxnId') === root.getWriteTxnId() - 1;
}

/**
 * Opens an environment. Retries if the opening made LMDB use an older state, which another opening corrects, or if a
 * process that closed at that moment destroyed the mutexes, which the next process to open creates again.
 * @param prepare runs first, in a transaction.
 * @throws the error of the last attempt.
 */
export async function openNewestState<Root extends Pick<RootDatabase, RootMethods>, Prepared>(
  openRoot: () => Root,
  prepare: (root: Root) => Prepared,
): Promise<Prepared> {
  let failure: unknown = new Error('LMDB did not find its newest state: other processes commit too often');
  for (let opening = 0; opening < MAX_OPENINGS; opening += 1) {
    const root = openRoot();
    try {
      const prepared = root.transactionSync(() =>
        continuesNewestState(root) ? { value: prepare(root) } : undefined,
      );
      if (prepared !== undefined) return prepared.value;
    } catch (cause) {
      failure = cause;
    }
    await root.close();
    if (failure instanceof RestoredStoreError) break;
  }
  throw failure;
}
