import { afterEach, expect, test } from '@jest/globals';
import { openRedisStores } from '../../src/stores/redis/open-redis-stores.js';
import { openConnection, type RedisConnection } from '../../src/stores/redis/redis-connection.js';
import { revocationLog } from '../../src/stores/redis/revocation-log.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';
import { NOW } from '../support/tokens.js';

const ENTRIES = 10_000;

const disposals: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

async function setUpRedis(): Promise<RedisServer> {
  const redis = await startRedis();
  disposals.push(() => redis.dispose());
  return redis;
}

async function connect({ url }: RedisServer): Promise<RedisConnection> {
  const connection = await openConnection({ url }, 1000);
  disposals.push(() => connection.close());
  await until(() =>
    connection.call('ping', []).then(
      () => true,
      () => false,
    ),
  );
  return connection;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A primary with many entries, and a server that has the same ones. */
async function setUpTwoServers(): Promise<readonly [RedisConnection, RedisConnection]> {
  const [primary, replica] = [await setUpRedis(), await setUpRedis()];
  const commands = await connect(primary);
  const log = revocationLog({ commands, news: commands, prefix: 'p', clock: undefined });
  await log.open();
  const names = Array.from({ length: ENTRIES }, (_, index) => `n${index}`);
  for (let from = 0; from < ENTRIES; from += 500) {
    await log.keep(names.slice(from, from + 500).map((name) => ({ name, expiresAt: NOW })));
  }
  await replica.command('REPLICAOF', '127.0.0.1', primary.port);
  await until(async () => Number(await replica.command('HLEN', '{p}:revocations')) === ENTRIES + 2);
  await replica.command('REPLICAOF', 'NO', 'ONE');
  return [commands, await connect(replica)];
}

async function countOf(entries: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _entry of entries) count += 1;
  return count;
}

describeWithRedis('a snapshot', () => {
  test('fails if another server takes over meanwhile, because cursors are not portable', async () => {
    const [one, other] = await setUpTwoServers();
    let calls = 0;
    const commands: RedisConnection = {
      ...one,
      run(...step) {
        calls += 1;
        return calls > 2 ? other.run(...step) : one.run(...step);
      },
    };
    const log = revocationLog({ commands, news: one, prefix: 'p', clock: undefined });

    await expect(countOf(log.snapshot())).rejects.toMatchObject({ status: 503 });
    expect(calls).toBe(3);
    expect(await countOf(log.snapshot())).toBeGreaterThanOrEqual(ENTRIES);
  });
});

describeWithRedis('the epoch', () => {
  test('starts at the next whole second, because revocations of the current one are unknown', async () => {
    const commands = await connect(await setUpRedis());
    const log = revocationLog({ commands, news: commands, prefix: 'p', clock: () => NOW + 0.25 });

    expect((await log.open()).completeSince).toBe(NOW + 1);
  });

  test('can only be moved earlier, and only by a replica of the same epoch', async () => {
    const commands = await connect(await setUpRedis());
    const log = revocationLog({ commands, news: commands, prefix: 'p', clock: () => NOW });
    const { position } = await log.open();
    const sinceAfter = async (epoch: string, completeSince: number): Promise<number> => {
      await log.vouch(epoch, completeSince);
      return (await log.open()).completeSince;
    };

    expect(await sinceAfter('another', NOW - 60)).toBe(NOW);
    expect(await sinceAfter(position.epoch, NOW + 60)).toBe(NOW);
    expect(await sinceAfter(position.epoch, NOW - 60)).toBe(NOW - 60);
  });

  test('that has changed makes a position unknown', async () => {
    const commands = await connect(await setUpRedis());
    const log = revocationLog({ commands, news: commands, prefix: 'p', clock: () => NOW });
    const { position } = await log.open();

    expect(await log.poll(position)).toMatchObject({ position, entries: [] });
    expect(await log.poll({ ...position, epoch: 'another' })).toBeUndefined();
    expect(await log.poll({ ...position, id: '1-0' })).toBeUndefined();
  });
});

describeWithRedis('the log', () => {
  test('that was reset is detected although it repeats a stream ID', async () => {
    const redis = await setUpRedis();
    const stores = await openRedisStores({ url: redis.url, prefix: 'p' });
    disposals.push(() => stores.close());
    const expiresAt = Date.now() / 1000 + 3600;
    await stores.revocations.add({ name: 'lost', expiresAt });
    const addedAtMs = performance.now();
    await until(() => stores.revocations.ageSeconds * 1000 < performance.now() - addedAtMs);

    // What a primary would have done that did not get the last entry, and whose clock is behind the log.
    const script = `
      local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
      local value = last[2][2]
      redis.call('DEL', KEYS[2])
      redis.call('HDEL', KEYS[1], ':lost')
      redis.call('ZREM', KEYS[3], 'lost')
      redis.call('XADD', KEYS[2], last[1], 'other', value)
      redis.call('HSET', KEYS[1], ':other', value)
      redis.call('ZADD', KEYS[3], ${expiresAt}, 'other')`;
    const keys = ['{p}:revocations', '{p}:revocations:log', '{p}:revocations:expiry'];
    await redis.command('EVAL', script, keys.length, ...keys);

    await until(() => stores.revocations.find('other') !== undefined);
    await until(async () => Number(await redis.command('HEXISTS', '{p}:revocations', ':lost')) === 1);
  });
});
