import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { connectRedisStores, type RedisStoresOptions } from '../../src/stores/redis/connect-redis-stores.js';
import type { Stores } from '../../src/stores/stores.js';
import { findFreePort } from '../support/processes.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';
import { clock, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';
import { describeStores } from './stores-contract.js';

let serial = 0;

describeWithRedis('with a Redis of its own', () => {
  let redis: RedisServer;
  const opened: Stores[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((stores) => stores.close()));
  });

  afterAll(() => redis.dispose());

  async function connectStores(options: Partial<RedisStoresOptions> = {}): Promise<Stores> {
    const stores = await connectRedisStores({ url: redis.url, clock, ...options });
    opened.push(stores);
    return stores;
  }

  describeStores('Redis', (setting) => {
    serial += 1;
    return connectRedisStores({ url: redis.url, prefix: `contract-${serial}`, ...setting });
  });

  describe('connectRedisStores', () => {
    test('knows at once what another instance had revoked', async () => {
      const prefix = 'snapshot';
      const first = await connectStores({ prefix });
      const names = Array.from({ length: 5000 }, (_, index) => `n${index}`);
      for (let from = 0; from < names.length; from += 100) {
        const part = names.slice(from, from + 100);
        await Promise.all(part.map((name) => first.revocations.add({ name, expiresAt: NOW + 600 })));
      }
      const second = await connectStores({ prefix });

      expect(names.filter((name) => second.revocations.find(name) === undefined)).toEqual([]);
    });
  });
});

describe('connectRedisStores', () => {
  test('says that Redis does not answer, without its password', async () => {
    const url = `redis://:secret@127.0.0.1:${await findFreePort()}`;
    const failure = await connectRedisStores({ url, startTimeoutSeconds: 0.1 }).catch((error) => error);

    expect(failure.message).toMatch(/^Redis at 127\.0\.0\.1:\d+ does not answer: connect ECONNREFUSED/);
    expect(failure.message).not.toContain('secret');
  });

  test.each([
    {},
    { url: 'http://127.0.0.1' },
    { url: [] },
    { url: 'redis://x', prefix: '{a}' },
    { url: 'redis://x', maxReplicaAgeSeconds: 0 },
    { url: 'redis://x', commandTimeoutMs: -1 },
    { url: 'redis://x', host: 'y' },
  ])('refuses %j', async (options) => {
    await expect(connectRedisStores(untyped(options))).rejects.toThrow(TypeError);
  });
});
