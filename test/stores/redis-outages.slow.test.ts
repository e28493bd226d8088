import { afterEach, expect, test } from '@jest/globals';
import { openRedisStores, type RedisStoresSettings } from '../../src/stores/redis/open-redis-stores.js';
import { type FlakyProxy, startFlakyProxy } from '../support/flaky-proxy.js';
import { type Instance, startInstance } from '../support/instances.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];

/** Replica age in these tests; routes that need the store, and the way back, have their own bounds. */
const BOUND_MS = 1000;
const STORE_ANSWER_MS = 250;
const RECOVERY_MS = 2000;

/** What a request may take that waits for nothing. */
const PROMPT_MS = 250;

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

async function setUpInstance(port: number, options: Partial<RedisStoresSettings> = {}): Promise<Instance> {
  const url = `redis://127.0.0.1:${port}`;
  const instance = await startInstance(
    await openRedisStores({ url, maxReplicaAgeSeconds: BOUND_MS / 1000, ...options }),
  );
  disposals.push(() => instance.close());
  return instance;
}

/** Asks until the answer is as expected; how long that took. */
async function msUntil(expected: number, ask: () => Promise<{ readonly status: number }>): Promise<number> {
  const startedAt = performance.now();
  while ((await ask()).status !== expected) {
    if (performance.now() - startedAt > 10_000) throw new Error(`No ${expected} within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - startedAt;
}

/** What takes Redis away from its clients, and gives it back. */
interface Outage {
  readonly name: string;
  begin(redis: RedisServer, proxy: FlakyProxy): Promise<void>;
  end(redis: RedisServer, proxy: FlakyProxy): Promise<void>;
  /** Default: it does. */
  readonly keepsFamilies?: boolean;
}

const OUTAGES: readonly Outage[] = [
  {
    name: 'stopped',
    begin: (redis) => redis.kill(),
    end: (redis) => redis.start(),
  },
  {
    name: 'paused',
    begin: async (redis) => redis.signal('SIGSTOP'),
    end: async (redis) => redis.signal('SIGCONT'),
  },
  {
    name: 'restarted empty, after it was away',
    begin: (redis) => redis.kill(),
    end: async (redis) => {
      await redis.wipe();
      await redis.start();
    },
    keepsFamilies: false,
  },
  {
    name: 'cut off half-way through its answers',
    begin: async (_redis, proxy) => proxy.setMode('cut'),
    end: async (_redis, proxy) => proxy.setMode('pass'),
  },
  {
    name: 'swallowed by the network',
    begin: async (_redis, proxy) => proxy.setMode('swallow'),
    end: async (_redis, proxy) => proxy.setMode('pass'),
  },
];

describeWithRedis('while Redis is unavailable', () => {
  test.each(OUTAGES)(
    '$name: 503 if the store is needed, tokens are accepted up to the bound, and the service recovers',
    async ({ begin, end, keepsFamilies = true }) => {
      const redis = await setUpRedis(DURABLE);
      const proxy = await setUpProxy(redis.port);
      const instance = await setUpInstance(proxy.port);
      const [good, revoked, other] = [await instance.issue(), await instance.issue(), await instance.issue()];
      const [session, ended] = [await instance.begin(), await instance.begin()];
      expect((await instance.revoke(revoked)).status).toBe(200);

      const beganAt = performance.now();
      await begin(redis, proxy);
      const refusals = [
        await instance.revoke(other),
        await instance.refresh(session),
        await instance.revoke(ended),
      ];
      expect((await instance.use(revoked)).status).toBe(401);
      expect((await instance.use(good)).status).toBe(200);
      expect(performance.now() - beganAt).toBeLessThan(BOUND_MS);
      for (const { status, durationMs } of refusals) {
        expect(status).toBe(503);
        expect(durationMs).toBeLessThan(STORE_ANSWER_MS);
      }

      await msUntil(503, () => instance.use(good));
      expect(performance.now() - beganAt).toBeLessThan(BOUND_MS + PROMPT_MS);
      expect((await instance.use(revoked)).status).toBe(503);
      expect((await instance.use(good)).durationMs).toBeLessThan(PROMPT_MS);
      expect((await instance.revoke(other)).durationMs).toBeLessThan(STORE_ANSWER_MS);
      expect(instance.stores.isReady()).toBe(false);

      await end(redis, proxy);
      const backMs = await msUntil(200, () => instance.use(good));
      const writableMs = backMs + (await msUntil(200, () => instance.revoke(other)));
      expect(writableMs).toBeLessThan(RECOVERY_MS);
      expect((await instance.use(revoked)).status).toBe(401);
      expect((await instance.use(other)).status).toBe(401);
      // A store that began anew knows no family any more; every other one lets the client go on.
      expect((await instance.refresh(session)).status).toBe(keepsFamilies ? 200 : 400);
      expect((await instance.revoke(ended)).status).toBe(200);
      expect((await instance.refresh(ended)).status).toBe(400);
      expect(instance.stores.isReady()).toBe(true);
    },
  );

  test('an instance misses a revocation for at most the bound', async () => {
    const redis = await setUpRedis();
    const proxy = await setUpProxy(redis.port);
    const connected = await setUpInstance(redis.port);
    const partitioned = await setUpInstance(proxy.port);
    const token = await connected.issue();
    expect((await partitioned.use(token)).status).toBe(200);

    proxy.setMode('swallow');
    expect((await connected.revoke(token)).status).toBe(200);
    const revokedAt = performance.now();
    expect((await connected.use(token)).status).toBe(401);
    let acceptedUntil = revokedAt;
    while (performance.now() < revokedAt + 3 * BOUND_MS) {
      const askedAt = performance.now();
      if ((await partitioned.use(token)).status === 200) acceptedUntil = askedAt;
    }
    expect(acceptedUntil - revokedAt).toBeLessThan(BOUND_MS);

    proxy.setMode('pass');
    expect(await msUntil(401, () => partitioned.use(token))).toBeLessThan(RECOVERY_MS);
  });
});
