import type { RootDatabase } from 'lmdb';
import { RestoredStoreError } from './restored-store-error.js';

type RootMethods = 'transactionSync' | 'getStats' | 'getWriteTxnId' | 'close';

/** Maximum number of attempts to open an environment. */
const MAX_OPENINGS = 20;

/**
 * Whether the current transaction is based on the newest state in the file. If a different process commits while an
 * environment is being opened, LMDB may use an older state (ITS#9496, present in lmdb-js). The next writer would then
 * overwrite acknowledged data.
 */
export function continuesNewestState(root: Pick<RootDatabase, 'getStats' | 'getWriteTxnId'>): boolean {
  return Reflect.get(root.getStats(), 'lastTxnId') === root.getWriteTxnId() - 1;
}

/**
 * Open an environment in its newest state. Retry after two races: LMDB uses an older state, or a closing process has
 * destroyed the mutexes. A further attempt corrects both.
 *
 * @param prepare called within the first transaction.
 * @throws Error (as rejection) of the last attempt if all attempts fail.
 */
export async function openNewestState<Root extends Pick<RootDatabase, RootMethods>, Prepared>(
  openRoot: () => Root,
  prepare: (root: Root) => Prepared,
): Promise<Prepared> {
  let failure: unknown = new Error(
    'LMDB did not find its newest state, because other processes commit too often: restart this process',
  );
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
