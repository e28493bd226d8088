import { describe, expect, test } from '@jest/globals';
import { memoryRevocationStore } from '../../src/stores/memory/memory-revocation-store.js';
import { describeRevocationStore } from './revocation-store-contract.js';

describeRevocationStore('memory', async (setting) => memoryRevocationStore(setting));

describe('memoryRevocationStore', () => {
  test.each([{ maxEntries: 0 }, { maxEntries: 1.5 }, { maxEntriesPerOwner: -1 }, { maxEntry: 1 }])(
    'refuses %j',
    (options) => {
      expect(() => memoryRevocationStore(options)).toThrow(TypeError);
    },
  );
});
