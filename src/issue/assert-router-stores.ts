import { requireStore } from '../stores/require-store.js';

/**
 * Assert that the option `stores` has at least one store that the router uses.
 *
 * @throws TypeError if it has none, or one of them is malformed
 */
export function assertRouterStores(stores: unknown): void {
  if (stores === undefined) return;
  const { families, counters, replays } = Object(stores);
  if (counters !== undefined) requireStore({ counters }, 'counters', 'tokenRouter');
  const isEmpty = counters === undefined && replays === undefined;
  if (families !== undefined || isEmpty) requireStore({ families }, 'families', 'tokenRouter');
}
