import { afterEach, expect, test } from '@jest/globals';
import { openRedisStores } from '../../src/stores/redis/open-redis-stores.js';
import { type FlakyProxy, startFlakyProxy } from '../support/flaky-proxy.js';
import { type Instance, startInstance, type TimedAnswer } from '../support/instances.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';

const MAX_AGE_SECONDS = 0.4;

const disposals: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function setUp() {
  const redis = await startRedis();
  disposals.push(() => redis.dispose());
  const proxy = await startFlakyProxy(redis.port);
  disposals.push(() => proxy.close());
  const url = `redis://127.0.0.1:${proxy.port}`;
  const stores = await openRedisStores({ url, maxReplicaAgeSeconds: MAX_AGE_SECONDS });
  const instance = await startInstance(stores);
  disposals.push(() => instance.close());
  return { redis, proxy, instance };
}

async function untilRefused(instance: Instance, token: string): Promise<TimedAnswer> {
  for (;;) {
    const answer = await instance.use(token);
    if (answer.status !== 200) return answer;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A failure of ours, not of the token: nothing tells a client to get another one. */
function expectUnavailable({ status, headers, body }: TimedAnswer): void {
  expect(status).toBe(503);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  expect(headers.get('www-authenticate')).toBeNull();
  expect(body).not.toMatch(/redis|ECONN|127\.0\.0\.1/i);
}

/** `redis-outages.slow.test.ts` has more of them, and what else becomes of each. */
const OUTAGES: readonly [string, (redis: RedisServer, proxy: FlakyProxy) => unknown][] = [
  ['stopped', (redis) => redis.kill()],
  ['paused', (redis) => redis.signal('SIGSTOP')],
  ['cut off half-way through its answers', (_redis, proxy) => proxy.setMode('cut')],
];

describeWithRedis('the failure table, while Redis is unavailable', () => {
  test.each(OUTAGES)('holds for every answer that needs it: %s', async (_name, begin) => {
    const { redis, proxy, instance } = await setUp();
    const [token, session] = [await instance.issue(), await instance.begin()];
    await begin(redis, proxy);
    const refusals = [await instance.revoke(token), await instance.refresh(session)];
    for (const refusal of refusals) {
      expectUnavailable(refusal);
      expect(JSON.parse(refusal.body)).toMatchObject({ error: 'temporarily_unavailable' });
    }

    expectUnavailable(await untilRefused(instance, token));
  });

  test('holds for a Redis restarted empty: a lost session no longer belongs to the client', async () => {
    const { redis, instance } = await setUp();
    const session = await instance.begin();
    await redis.kill();
    await redis.wipe();
    await redis.start();
    const answers: TimedAnswer[] = [];
    do answers.push(await instance.refresh(session));
    while (answers.at(-1)?.status === 503);

    for (const answer of answers.slice(0, -1)) expectUnavailable(answer);
    expect(JSON.parse(answers.at(-1)?.body ?? '')).toMatchObject({ error: 'invalid_grant' });
  });
});
