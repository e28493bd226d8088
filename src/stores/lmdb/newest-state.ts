import type { RootDatabase } from 'lmdb';
import { RestoredStoreError } from './restored-store-error.js';

type RootMethods = 'transactionSync' | 'getStats' | 'getWriteTxnId' | 'close';

/** Most attempts to open an environment while others commit all the time. */
const MAX_OPENINGS = 20;

/**
 * Whether the transaction that runs continues the newest state in the file. Whoever opens an environment tells LMDB
 * anew which state that is (ITS#9496, which lmdb-js still has), and where another process commits in that moment, it
 * is the state before that commit: the next writer would overwrite what was acknowledged.
 */
export function continuesNewestState(root: Pick<RootDatabase, 'getStats' | 'getWriteTxnId'>): boolean {
  return Reflect.get(root.getStats(), 'lastTxnId') === root.getWriteTxnId() - 1;
}

/**
 * Opens an environment, again where the opening took LMDB back, for a further one tells it what is right, or where
 * a process that ended in that moment left its mutexes destroyed, which whoever is alone makes anew.
 * @param prepare what is done first, in a transaction.
 * @throws what the last attempt failed with.
 */
export async function openNewestState<Root extends Pick<RootDatabase, RootMethods>, Prepared>(
  openRoot: () => Root,
  prepare: (root: Root) => Prepared,
): Promise<Prepared> {
  let failure: unknown = new Error('LMDB does not come to know its newest state while so much is written');
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
