import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import { openLmdbStores } from '../../src/stores/lmdb/open-lmdb-stores.js';
import { createMemoryStores } from '../../src/stores/memory/create-memory-stores.js';
import { openRedisStores } from '../../src/stores/redis/open-redis-stores.js';
import type { Stores } from '../../src/stores/stores.js';
import { describeWithRedis, type RedisServer, startRedis } from './redis.js';

/** Opens new stores; they are closed after the test. */
export type OpenStores = (clock: () => number) => Promise<Stores>;

const COMMAND_TIMEOUT_MS = 2000;

/** Runs tests on memory, on LMDB and on a Redis of their own. */
export function describeOnDrivers(name: string, tests: (open: OpenStores) => void): void {
  describe(`${name}, on memory`, () => {
    tests(async (clock) => createMemoryStores({ clock }));
  });

  describe(`${name}, on LMDB`, () => {
    const directories: string[] = [];
    const open = closeAfterEach(async (clock) => {
      const path = await mkdtemp(join(tmpdir(), 'passport-jwe-drivers-'));
      directories.push(path);
      return openLmdbStores({ path, clock });
    });
    afterAll(() => Promise.all(directories.map((path) => rm(path, { recursive: true }))));
    tests(open);
  });

  describeWithRedis(`${name}, on Redis`, () => {
    let redis: RedisServer;
    let serial = 0;
    beforeAll(async () => {
      redis = await startRedis();
    });
    afterAll(() => redis.dispose());
    tests(
      closeAfterEach((clock) => {
        serial += 1;
        const prefix = `drivers-${serial}`;
        return openRedisStores({ url: redis.url, prefix, clock, commandTimeoutMs: COMMAND_TIMEOUT_MS });
      }),
    );
  });
}

function closeAfterEach(open: OpenStores): OpenStores {
  const opened: Stores[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((stores) => stores.close())));
  return async (clock) => {
    const stores = await open(clock);
    opened.push(stores);
    return stores;
  };
}
