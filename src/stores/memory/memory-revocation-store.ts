import { type Clock, earliestOf } from '../../base/clock.js';
import { type Folding, isFoldable, MAX_FOLDINGS, widest } from '../fold-entries.js';
import { RevocationIndex } from '../revocation-index.js';
import { fullStoreError, type RevocationEntry, type RevocationStore } from '../revocation-store.js';
import type { StoreBounds } from '../stores.js';

export function memoryRevocationStore(bounds: Required<StoreBounds>, clock: Clock): RevocationStore {
  const { maxRevocations, maxRevocationsPerClient } = bounds;
  const index = new RevocationIndex();

  const fold = (plan: () => Folding | undefined, isNeeded: () => boolean): void => {
    for (let step = 0; step < MAX_FOLDINGS && isNeeded(); step += 1) {
      const folding = plan();
      if (folding === undefined) return;
      for (const wide of folding.wide) index.add(wide);
    }
  };
  /** Fold entries if a limit is reached. Always accepts the cut-offs of API keys, which are few. */
  const makeRoom = (entry: RevocationEntry): RevocationEntry => {
    if (index.find(entry.name) !== undefined) return entry;
    fold(
      () => index.planFolding(maxRevocationsPerClient, entry),
      () => index.countBeside(entry) >= maxRevocationsPerClient,
    );
    const isFull = (): boolean => index.size >= maxRevocations;
    fold(() => index.planFolding(maxRevocations), isFull);
    if (!isFull() || index.planFolding(maxRevocations) !== undefined) return entry;
    if (isFoldable(entry)) return widest(entry);
    throw fullStoreError();
  };

  return {
    async add(entry) {
      index.forgetExpired(earliestOf(clock));
      index.add(makeRoom(entry));
    },
    find: (name) => index.find(name),
    completeSince: () => 0,
    ageSeconds: 0,
    get size() {
      return index.size;
    },
    get fill() {
      return index.fillWithin(bounds);
    },
  };
}
