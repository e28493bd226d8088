import { describe, expect, test } from '@jest/globals';
import { createMemoryStores } from '../../src/stores/memory/create-memory-stores.js';
import { NOW } from '../support/tokens.js';
import { describeStores } from './stores-contract.js';

describeStores('memory', async (setting) => createMemoryStores(setting));

describe('createMemoryStores', () => {
  test('limits a group to more members than a function can have arguments', async () => {
    const { limits } = createMemoryStores({ clock: () => NOW });
    const maxMembers = 150_000;
    const rates = [{ name: 'requests_per_minute', quota: 1, windowSeconds: 60, cost: 1 }];
    const admit = (name: string) =>
      limits.admit({
        id: name,
        buckets: [{ name, rates, group: { name: 'users', maxMembers } }],
        leaseSeconds: 15,
      });
    for (let member = 0; member < maxMembers; member += 1) await admit(`member ${member}`);

    expect(await admit('one more')).toMatchObject({ refusals: [{ kind: 'group', waitSeconds: 60 }] });
  });

  test.each([
    { maxRevocations: 0 },
    { maxRevocations: 1.5 },
    { maxRevocationsPerClient: -1 },
    { maxRevocation: 1 },
  ])('rejects %j', (options) => {
    expect(() => createMemoryStores(options)).toThrow(TypeError);
  });
});
