import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openRedisStores } from '../../src/stores/redis/open-redis-stores.js';
import type { Stores } from '../../src/stores/stores.js';
import { describeWithRedis, type RedisServer, startRedisCluster } from '../support/redis.js';
import { describeStores } from './stores-contract.js';

describeWithRedis('on a Redis Cluster of three nodes', () => {
  let nodes: readonly RedisServer[] = [];
  let serial = 0;

  beforeAll(async () => {
    nodes = await startRedisCluster();
  });

  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.dispose()));
  });

  const urls = (): readonly string[] => nodes.map(({ url }) => url);

  describeStores('Redis Cluster', (setting) => {
    serial += 1;
    return openRedisStores({
      url: urls(),
      prefix: `cluster-${serial}`,
      commandTimeoutMs: 2000,
      ...setting,
    });
  });

  test('one instance sees what another revoked, wherever its slot is', async () => {
    const opened: Stores[] = [];
    for (const prefix of ['a', 'b', 'c', 'd']) {
      const [one, other] = [
        await openRedisStores({ url: urls().slice(0, 1), prefix }),
        await openRedisStores({ url: urls().slice(2), prefix }),
      ];
      opened.push(one, other);
      await one.revocations.add({ name: prefix, expiresAt: Date.now() / 1000 + 600 });
      while (other.revocations.find(prefix) === undefined)
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(opened.map((stores) => stores.close()));

    const sizes = await Promise.all(nodes.map((node) => node.command('DBSIZE')));
    expect(sizes.every((size) => Number(size) > 0)).toBe(true);
  });
});
