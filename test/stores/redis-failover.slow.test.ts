import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { openRedisStores, type RedisStoresSettings } from '../../src/stores/redis/open-redis-stores.js';
import type { Stores } from '../../src/stores/stores.js';
import { type FlakyProxy, startFlakyProxy } from '../support/flaky-proxy.js';
import { type Instance, startInstance } from '../support/instances.js';
import { describeWithRedis, type RedisServer, startRedis, startRedisCluster } from '../support/redis.js';

/** By when guarded requests, and what needs the store, work again. */
const RECOVERY_MS = 2000;
const LATER = Date.now() / 1000 + 3600;

/** A replica need not wait for others that may want the same snapshot. */
const REPLICATING = ['--save', '', '--repl-diskless-sync-delay', '0'];

const disposals: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function setUpRedis(settings?: readonly string[]): Promise<RedisServer> {
  const redis = await startRedis(settings);
  disposals.push(() => redis.dispose());
  return redis;
}

/** A primary, a replica in step with it, and an endpoint that leads to the primary. */
async function setUpPair() {
  const [primary, replica] = [await setUpRedis(REPLICATING), await setUpRedis(REPLICATING)];
  await replica.command('REPLICAOF', '127.0.0.1', primary.port);
  await until(async () =>
    String(await replica.command('INFO', 'replication')).includes('master_link_status:up'),
  );
  const endpoint = await startFlakyProxy(primary.port);
  disposals.push(() => endpoint.close());
  return { primary, replica, endpoint };
}

type Pair = Awaited<ReturnType<typeof setUpPair>>;

/** The replica takes over and the endpoint moves; connections to the old primary, a replica now, stay open. */
async function failOver({ primary, replica, endpoint }: Pair): Promise<void> {
  await replica.command('REPLICAOF', 'NO', 'ONE');
  endpoint.setTarget(replica.port, { keepConnections: true });
  await primary.command('REPLICAOF', '127.0.0.1', replica.port);
}

async function connect(port: number, settings: Partial<RedisStoresSettings> = {}): Promise<Stores> {
  const stores = await openRedisStores({ url: `redis://127.0.0.1:${port}`, ...settings });
  disposals.push(() => stores.close());
  return stores;
}

async function setUpInstance(endpoint: FlakyProxy): Promise<Instance> {
  const instance = await startInstance(await connect(endpoint.port, { maxReplicaAgeSeconds: 1 }));
  disposals.push(() => instance.close());
  return instance;
}

/** ioredis 5 has what is asked of a client; its types are those of another package here. */
function asClient(client: Redis5): Redis {
  const candidate: object = client;
  if (isClient(candidate)) return candidate;
  throw new TypeError('ioredis 5 has no duplicate()');
}

function isClient(value: object): value is Redis {
  return 'duplicate' in value && 'isCluster' in value;
}

/** How long it took to come about. */
async function until(condition: () => boolean | Promise<boolean>): Promise<number> {
  const startedAt = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAt > 15_000) throw new Error('It did not come about within 15 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - startedAt;
}

const revoke = ({ revocations }: Stores, name: string) => revocations.add({ name, expiresAt: LATER });
const knows = ({ revocations }: Stores, name: string) => revocations.find(name) !== undefined;

/** Tries until the store takes it. */
const revokeAtLast = (stores: Stores, name: string): Promise<number> =>
  until(() =>
    revoke(stores, name).then(
      () => true,
      () => false,
    ),
  );

describeWithRedis(
  'an endpoint that moves to a promoted replica, while the old primary continues as a replica',
  () => {
    test('serves guarded requests and new revocations again within two seconds', async () => {
      const pair = await setUpPair();
      const instance = await setUpInstance(pair.endpoint);
      const token = await instance.issue();
      const other = await instance.issue();
      await failOver(pair);

      const startedAt = performance.now();
      await until(async () => (await instance.revoke(other)).status === 200);
      expect(performance.now() - startedAt).toBeLessThan(RECOVERY_MS);
      // Longer than the replica of the process may be old: it follows the new primary.
      await new Promise((resolve) => setTimeout(resolve, 1200));
      expect((await instance.use(token)).status).toBe(200);
      expect((await instance.use(other)).status).toBe(401);
    });

    test('loses no revocation that was acknowledged before, during or after', async () => {
      const pair = await setUpPair();
      const stores = await connect(pair.endpoint.port);
      await revoke(stores, 'before');
      await pair.replica.command('REPLICAOF', 'NO', 'ONE');
      // The old primary still acknowledges what the new one never hears of.
      await revoke(stores, 'during');
      pair.endpoint.setTarget(pair.replica.port, { keepConnections: true });
      await pair.primary.command('REPLICAOF', '127.0.0.1', pair.replica.port);
      await revokeAtLast(stores, 'after');

      const later = await connect(pair.endpoint.port);
      await until(() => ['before', 'during', 'after'].every((name) => knows(later, name)));
      expect(['before', 'during', 'after'].map((name) => knows(stores, name))).toEqual([true, true, true]);
    });

    test('is followed by an instance that has only read the log of the old primary', async () => {
      const pair = await setUpPair();
      const [writer, reader] = [await connect(pair.endpoint.port), await connect(pair.endpoint.port)];
      await failOver(pair);
      await revokeAtLast(writer, 'elsewhere');

      expect(await until(() => knows(reader, 'elsewhere'))).toBeLessThan(RECOVERY_MS);
      expect(reader.isReady()).toBe(true);
    });

    test('gets only a few connections while it still leads to a replica', async () => {
      const { primary, replica, endpoint } = await setUpPair();
      const stores = await connect(endpoint.port);
      await primary.command('REPLICAOF', '127.0.0.1', replica.port);
      const connectionsOf = async () =>
        Number(/total_connections_received:(\d+)/.exec(String(await primary.command('INFO', 'stats')))?.[1]);
      const before = await connectionsOf();
      await new Promise((resolve) => setTimeout(resolve, 1000));

      expect((await connectionsOf()) - before).toBeLessThan(20);
      await expect(revoke(stores, 'refused')).rejects.toMatchObject({ status: 503 });
    });
  },
);

describeWithRedis('an ioredis client of the application', () => {
  /** Settings that would change the names of keys, the answers, or when they come, were they taken over. */
  const ODD = { keyPrefix: 'app:', lazyConnect: true, enableOfflineQueue: true, maxRetriesPerRequest: null };

  test.each([
    ['6', (port: number) => new Redis(port, '127.0.0.1', { ...ODD, db: 3 })],
    ['5', (port: number) => asClient(new Redis5(port, '127.0.0.1', { ...ODD, db: 3 }))],
  ])('of version %s provides its settings, and is neither used nor closed', async (_version, create) => {
    const redis = await setUpRedis();
    const client = create(redis.port);
    const stores = await openRedisStores({ client });
    await revoke(stores, 'name');
    const other = await openRedisStores({ url: `${redis.url}/3` });
    await until(() => knows(other, 'name'));
    await Promise.all([stores.close(), other.close()]);

    expect(client.status).toBe('wait');
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });

  test('also reconnects after a failover', async () => {
    const pair = await setUpPair();
    const client = new Redis(pair.endpoint.port, '127.0.0.1', { lazyConnect: true });
    const stores = await openRedisStores({ client });
    disposals.push(() => stores.close());
    await failOver(pair);

    expect(await revokeAtLast(stores, 'name')).toBeLessThan(RECOVERY_MS);
  });

  test.each([
    [{ client: {} }, /client must be a Redis or Cluster/],
    [{ client: { duplicate: () => {} }, url: 'redis://127.0.0.1' }, /client cannot be combined with url/],
    [{}, /url must be a redis:/],
  ])('is rejected as %j', async (options, message) => {
    await expect(Reflect.apply(openRedisStores, undefined, [options])).rejects.toThrow(message);
  });
});

describeWithRedis('one URL of a Redis Cluster', () => {
  test('leads to all of its nodes', async () => {
    const nodes = await startRedisCluster();
    disposals.push(async () => void (await Promise.all(nodes.map((node) => node.dispose()))));
    const opened: Stores[] = [];
    for (const prefix of ['a', 'b', 'c', 'd']) {
      const stores = await openRedisStores({ url: nodes[0]?.url ?? '', prefix, commandTimeoutMs: 2000 });
      opened.push(stores);
      await revoke(stores, prefix);
    }
    await Promise.all(opened.map((stores) => stores.close()));

    const sizes = await Promise.all(nodes.map((node) => node.command('DBSIZE')));
    expect(sizes.every((size) => Number(size) > 0)).toBe(true);
  });
});

describeWithRedis('a Redis that may evict keys', () => {
  const warningsOf = async (policy: string) => {
    const redis = await setUpRedis(['--save', '', '--maxmemory-policy', policy]);
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await connect(redis.port);
    const warnings = emitWarning.mock.calls.map(([text]) => String(text));
    emitWarning.mockRestore();
    return warnings;
  };

  test.each(['allkeys-lru', 'volatile-ttl'])('causes a warning: %s', async (policy) => {
    expect(await warningsOf(policy)).toEqual([expect.stringContaining(`eviction policy ${policy}`)]);
  });

  test('causes no warning if it evicts nothing', async () => {
    expect(await warningsOf('noeviction')).toEqual([]);
  });
});

describe('an unavailable Redis', () => {
  test('is named in the error, without credentials', async () => {
    const connecting = openRedisStores({
      url: 'redis://app:secret@127.0.0.1:1',
      startTimeoutSeconds: 0.2,
    });

    await expect(connecting).rejects.toThrow(/^openRedisStores: cannot use Redis at 127\.0\.0\.1:1: /);
  });
});
