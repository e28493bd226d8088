import { describe, expect, test } from '@jest/globals';
import { createMemoryStores } from '../../src/stores/memory/create-memory-stores.js';
import { describeStores } from './stores-contract.js';

describeStores('memory', async (setting) => createMemoryStores(setting));

describe('createMemoryStores', () => {
  test.each([
    { maxRevocations: 0 },
    { maxRevocations: 1.5 },
    { maxRevocationsPerClient: -1 },
    { maxRevocation: 1 },
  ])('rejects %j', (options) => {
    expect(() => createMemoryStores(options)).toThrow(TypeError);
  });
});
