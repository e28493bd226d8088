import { afterEach, describe } from '@jest/globals';
import type { StoreBounds, Stores } from '../../src/stores/stores.js';
import { NOW } from '../support/tokens.js';
import { describeCounterStore } from './counter-store-contract.js';
import { describeFamilyList } from './family-list-contract.js';
import { describeFamilyStore } from './family-store-contract.js';
import { describeLimitStore } from './limit-store-contract.js';
import { describeReplayStore } from './replay-store-contract.js';
import { describeRevocationFolding } from './revocation-folding-contract.js';
import { describeRevocationStore } from './revocation-store-contract.js';
import type { StoresUnderTest } from './stores-under-test.js';

export interface StoreSetting extends StoreBounds {
  readonly clock: () => number;
}

/** What every driver promises; each test runs on new stores of their own. */
export function describeStores(driver: string, create: (setting: StoreSetting) => Promise<Stores>): void {
  describe(`the ${driver} stores`, () => {
    const opened: Stores[] = [];
    let now = NOW;

    const stores: StoresUnderTest = {
      open: async (bounds = {}) => {
        now = NOW;
        const created = await create({ clock: () => now, ...bounds });
        opened.push(created);
        return created;
      },
      setTime: (time) => {
        now = time;
      },
    };

    afterEach(async () => {
      await Promise.all(opened.splice(0).map((created) => created.close()));
    });

    describeRevocationStore(stores);
    describeRevocationFolding(stores);
    describeFamilyStore(stores);
    describeFamilyList(stores);
    describeCounterStore(stores);
    describeLimitStore(stores);
    describeReplayStore(stores);
  });
}
