import { afterEach, expect, test } from '@jest/globals';
import type { AuditEvent } from '../../src/audit/events.js';
import { openRedisStores, type RedisStoresSettings } from '../../src/stores/redis/open-redis-stores.js';
import type { Stores } from '../../src/stores/stores.js';
import { type FlakyProxy, startFlakyProxy } from '../support/flaky-proxy.js';
import { findFreePort } from '../support/processes.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';
import { stateOf } from './family-store-contract.js';

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
/** For those who ask much at once, on a machine that has other things to do. */
const PATIENT = { commandTimeoutMs: 5000 };

const LATER = Date.now() / 1000 + 3600;

const disposals: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function setUpRedis(settings?: readonly string[]): Promise<RedisServer> {
  const redis = await startRedis(settings);
  disposals.push(() => redis.dispose());
  return redis;
}

async function setUpProxy(port: number): Promise<FlakyProxy> {
  const proxy = await startFlakyProxy(port);
  disposals.push(() => proxy.close());
  return proxy;
}

async function connect(port: number, options: Partial<RedisStoresSettings> = {}): Promise<Stores> {
  const stores = await openRedisStores({ url: `redis://127.0.0.1:${port}`, ...options });
  disposals.push(() => stores.close());
  return stores;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAt > 10_000) throw new Error('It did not come about within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function revoke(stores: Stores, name: string): Promise<void> {
  return stores.revocations.add({ name, expiresAt: LATER });
}

/** Tries until the store can be reached. */
function revokeAtLast(stores: Stores, name: string): Promise<void> {
  return until(() =>
    revoke(stores, name).then(
      () => true,
      () => false,
    ),
  );
}

function knows({ revocations }: Stores, name: string): boolean {
  return revocations.find(name) !== undefined;
}

async function restartEmpty(redis: RedisServer): Promise<void> {
  await redis.kill();
  await redis.wipe();
  await redis.start();
}

describeWithRedis('a Redis that lost its data', () => {
  test.each([
    ['restarted empty', restartEmpty],
    ['flushed', (redis: RedisServer) => redis.command('FLUSHALL')],
  ])('is restored by a running instance, and new instances trust it: %s', async (_name, lose) => {
    const redis = await setUpRedis();
    const events: AuditEvent[] = [];
    const audit = { enabled: true, record: async (event: AuditEvent) => void events.push(event) };
    const [survivor, casualty] = [await connect(redis.port, { audit }), await connect(redis.port)];
    const began = survivor.revocations.completeSince();
    await revoke(casualty, 'a');
    await until(() => knows(survivor, 'a'));
    await casualty.close();

    await lose(redis);
    await revokeAtLast(survivor, 'b');
    const newcomer = await connect(redis.port);

    await until(() => newcomer.revocations.completeSince() === began && knows(newcomer, 'a'));
    expect(knows(newcomer, 'b')).toBe(true);
    expect(survivor.revocations.completeSince()).toBe(began);
    expect(events).toContainEqual({
      type: 'store.data_lost',
      isNewEpoch: true,
      restored: expect.any(Number),
    });
  });

  test('starts a new epoch if no instance kept running: older tokens are rejected', async () => {
    const redis = await setUpRedis();
    const before = await connect(redis.port);
    const issuedAt = Math.floor(Date.now() / 1000);
    await before.close();

    await restartEmpty(redis);
    const after = await connect(redis.port);
    const now = Math.floor(Date.now() / 1000);

    expect(after.revocations.completeSince()).toBeGreaterThan(issuedAt);
    expect(after.revocations.completeSince()).toBeLessThanOrEqual(now);
  });

  test('gets back entries that an old backup lacks', async () => {
    const redis = await setUpRedis(DURABLE);
    const survivor = await connect(redis.port);
    await revoke(survivor, 'before');
    await redis.kill();
    const restore = await redis.backUp();
    await redis.start();
    await revokeAtLast(survivor, 'after');
    await redis.kill();
    await restore();
    await redis.start();
    const newcomer = await connect(redis.port);

    await until(() => knows(newcomer, 'after'));
    expect(knows(newcomer, 'before')).toBe(true);
  });

  test('gets back entries that a failover lost', async () => {
    const [primary, replica] = [await setUpRedis(), await setUpRedis()];
    await replica.command('REPLICAOF', '127.0.0.1', primary.port);
    await until(async () => String(await replica.command('INFO', 'replication')).includes('link_status:up'));
    const proxy = await setUpProxy(primary.port);
    const survivor = await connect(proxy.port);
    await revoke(survivor, 'replicated');
    await primary.command('WAIT', 1, 1000);

    replica.signal('SIGSTOP');
    await revoke(survivor, 'lost');
    await primary.kill();
    replica.signal('SIGCONT');
    await replica.command('REPLICAOF', 'NO', 'ONE');
    proxy.setTarget(replica.port);
    const newcomer = await connect(replica.port);

    await until(() => knows(newcomer, 'lost'));
    expect(knows(newcomer, 'replicated')).toBe(true);
  });

  test('gets back thousands of entries from several instances at once', async () => {
    const redis = await setUpRedis();
    const survivors = await Promise.all([1, 2, 3].map(() => connect(redis.port, PATIENT)));
    const [first] = survivors;
    if (first === undefined) throw new Error('There are three');
    for (let from = 0; from < 3000; from += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => revoke(first, `n${from + index}`)));
    }
    await until(() => survivors.every((stores) => stores.revocations.size === 3000));

    await restartEmpty(redis);
    await until(async () => {
      const newcomer = await connect(redis.port);
      return newcomer.revocations.size === 3000;
    });
  });
});

describeWithRedis('an instance that was cut off from Redis', () => {
  test('takes a snapshot if the log does not reach back far enough', async () => {
    const redis = await setUpRedis();
    const proxy = await setUpProxy(redis.port);
    const [connected, away] = [await connect(redis.port, PATIENT), await connect(proxy.port)];
    proxy.setMode('swallow');
    for (let from = 0; from < 12_000; from += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, index) => revoke(connected, `n${from + index}`)));
    }
    proxy.setMode('pass');

    await until(() => away.revocations.size === 12_000);
  });

  test('does not treat a demoted primary as the store', async () => {
    const redis = await setUpRedis();
    const stores = await connect(redis.port, { maxReplicaAgeSeconds: 1 });
    await redis.command('REPLICAOF', '127.0.0.1', await findFreePort());

    await expect(revoke(stores, 'a')).rejects.toMatchObject({ status: 503 });
    await until(() => !stores.isReady());
    expect(() => stores.revocations.find('a')).toThrow(expect.objectContaining({ status: 503 }));
  });

  test('does not become ready if Redis never answers', async () => {
    const redis = await setUpRedis();
    redis.signal('SIGSTOP');

    await expect(connect(redis.port, { startTimeoutSeconds: 0.3 })).rejects.toThrow(/cannot use Redis at /);
  });
});

describeWithRedis('the keys in Redis', () => {
  test('all have a TTL, and those of the revocations share a cluster slot', async () => {
    const redis = await setUpRedis();
    const stores = await connect(redis.port, { prefix: 'p' });
    await stores.revocations.add({ name: 'a', expiresAt: LATER, owner: 'demo' });
    await stores.families.insert({ id: 'f', state: stateOf('a'), expiresAt: LATER });
    await stores.counters.add({ name: 'c', amount: 1, expiresAt: LATER });
    await stores.replays.use({ digest: 'd', jkt: 'k', quota: 1, expiresAt: LATER });
    const keys = [await redis.command('KEYS', '*')].flat().map(String).sort();
    const lives = await Promise.all(keys.map((key) => redis.command('PTTL', key)));

    expect(keys).toEqual([
      'p:counter:c',
      'p:families-by-expiry:{demo}',
      'p:families:{demo}',
      'p:family:{demo}:f',
      'p:replays:{k}',
      '{p}:revocations',
      '{p}:revocations:expiry',
      '{p}:revocations:log',
      '{p}:revocations:owners',
    ]);
    expect(lives.every((milliseconds) => Number(milliseconds) > 0)).toBe(true);
  });

  test('do not expire while an instance runs, even without revocations', async () => {
    const redis = await setUpRedis();
    await connect(redis.port, { prefix: 'p' });
    const keys = ['{p}:revocations', '{p}:revocations:log'];
    for (const key of keys) await redis.command('PEXPIRE', key, 60_000);

    await until(async () => {
      const lives = await Promise.all(keys.map((key) => redis.command('PTTL', key)));
      return lives.every((milliseconds) => Number(milliseconds) > 60_000);
    });
  });
});
