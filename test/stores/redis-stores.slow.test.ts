import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { openRedisStores, type RedisStoresSettings } from '../../src/stores/redis/open-redis-stores.js';
import type { Stores } from '../../src/stores/stores.js';
import { findFreePort } from '../support/processes.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';
import { clock, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';
import { stateOf } from './family-store-contract.js';
import { describeStores } from './stores-contract.js';

/** Where it is not the wait that is tested: machines may be busy. */
const PATIENT_MS = 2000;

let serial = 0;

describeWithRedis('with a private Redis', () => {
  let redis: RedisServer;
  const opened: Stores[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterEach(async () => {
    await Promise.all(opened.splice(0).map((stores) => stores.close()));
  });

  afterAll(() => redis.dispose());

  async function connectStores(
    options: Partial<RedisStoresSettings & { url: string }> = {},
  ): Promise<Stores> {
    const stores = await openRedisStores({
      url: redis.url,
      clock,
      commandTimeoutMs: PATIENT_MS,
      ...options,
    });
    opened.push(stores);
    return stores;
  }

  describeStores('Redis', (setting) => {
    serial += 1;
    return openRedisStores({
      url: redis.url,
      prefix: `contract-${serial}`,
      commandTimeoutMs: PATIENT_MS,
      ...setting,
    });
  });

  describe('the family store', () => {
    const keysOf = async (prefix: string): Promise<readonly string[]> => {
      const answer = await redis.command('KEYS', `${prefix}:famil*`);
      return Array.isArray(answer) ? answer.map(String).sort() : [];
    };
    const familyOf = (id: string, expiresAt: number) => ({ id, state: stateOf(id), expiresAt });

    test('keeps the index of families until the last of them expires, and no key forever', async () => {
      const { families } = await connectStores({ prefix: 'ttl' });
      await families.insert(familyOf('long', NOW + 600));
      await families.insert(familyOf('short', NOW + 60));
      const keys = await keysOf('ttl');
      const ends = await Promise.all(keys.map((key) => redis.command('PEXPIRETIME', key)));
      const [indexEnd, expiryEnd, longEnd, shortEnd] = ends.map(Number);

      expect(keys).toEqual([
        'ttl:families-by-expiry:{demo}',
        'ttl:families:{demo}',
        'ttl:family:{demo}:long',
        'ttl:family:{demo}:short',
      ]);
      // Redis takes the time anew for each, which may be a millisecond later.
      for (const end of [indexEnd, expiryEnd])
        expect(Math.abs((end ?? 0) - (longEnd ?? 0))).toBeLessThan(1000);
      expect(shortEnd).toBeGreaterThan(0);
      expect(shortEnd).toBeLessThan(longEnd ?? 0);
    });

    test('deletes index entries a minute after the families expired, a bounded number at a time', async () => {
      let now = NOW;
      const { families } = await connectStores({ prefix: 'sweep', clock: () => now });
      const ids = Array.from({ length: 150 }, (_, index) => `f${index}`);
      await Promise.all(ids.map((id) => families.insert(familyOf(id, NOW + 60))));
      const listed = async () => [
        await redis.command('ZCARD', 'sweep:families:{demo}'),
        await redis.command('ZCARD', 'sweep:families-by-expiry:{demo}'),
      ];
      const counts: unknown[] = [];
      for (const time of [NOW + 119, NOW + 120, NOW + 121]) {
        now = time;
        await families.insert(familyOf(`at ${time}`, NOW + 900));
        counts.push(await listed());
      }

      expect(counts).toEqual([
        [453, 151],
        [156, 52],
        [9, 3],
      ]);
    });

    test('lists a family that has expired only by a temporarily fast clock', async () => {
      const fast = Object.assign(() => NOW + 3600, { earliest: () => NOW });
      const { families } = await connectStores({ prefix: 'fast' });
      await families.insert(familyOf('f', NOW + 900));
      const hasty = await connectStores({ prefix: 'fast', clock: fast });
      await hasty.families.insert(familyOf('g', NOW + 7200));
      const listed = await families.list({ kind: 'api_key', clientId: 'demo' }, { limit: 10 });

      expect(listed.families.map(({ id }) => id).sort()).toEqual(['f', 'g']);
    });

    test('does not list an ended family', async () => {
      const { families } = await connectStores({ prefix: 'ended' });
      await families.insert(familyOf('a', NOW + 60));
      const read = await families.find({ clientId: 'demo', id: 'a' });
      if (read === undefined) throw new Error('It was inserted');
      await families.replace({ ...read, state: { ...read.state, ended: 'revoked' } });

      expect(await keysOf('ended')).toEqual(['ended:family:{demo}:a']);
    });
  });

  describe('the replay store', () => {
    const use = { digest: 'd', jkt: 'k', quota: 1000, expiresAt: NOW + 60 };

    test('keeps the proofs of a key until the last of them expires, and no key forever', async () => {
      const { replays } = await connectStores({ prefix: 'proofs' });
      await replays.use({ ...use, expiresAt: NOW + 300 });
      await replays.use({ ...use, digest: 'e' });
      const milliseconds = Number(await redis.command('PTTL', 'proofs:replays:{k}'));

      expect(milliseconds).toBeGreaterThan(350_000);
      expect(milliseconds).toBeLessThanOrEqual(360_000);
    });

    test('deletes proofs a minute after they expired, a bounded number at a time', async () => {
      let now = NOW;
      const { replays } = await connectStores({ prefix: 'swept', clock: () => now });
      await Promise.all(Array.from({ length: 150 }, (_, n) => replays.use({ ...use, digest: `d${n}` })));
      const counts: unknown[] = [];
      for (const time of [NOW + 119, NOW + 120, NOW + 121]) {
        now = time;
        await replays.use({ ...use, digest: `at-${time}`, expiresAt: NOW + 900 });
        counts.push(await redis.command('ZCARD', 'swept:replays:{k}'));
      }

      expect(counts).toEqual([151, 52, 3]);
    });

    test('recognizes a proof of an instance whose clock is a minute behind', async () => {
      const { replays } = await connectStores({ prefix: 'behind' });
      const other = await connectStores({ prefix: 'behind', clock: () => NOW + 119 });
      await replays.use(use);
      await other.replays.use({ ...use, digest: 'e', expiresAt: NOW + 179 });

      expect(await replays.use(use)).toBe('repeated');
    });
  });

  describe('openRedisStores', () => {
    test('knows earlier revocations of another instance from the start', async () => {
      const prefix = 'snapshot';
      const first = await connectStores({ prefix, commandTimeoutMs: 5000 });
      const names = Array.from({ length: 5000 }, (_, index) => `n${index}`);
      for (let from = 0; from < names.length; from += 100) {
        const part = names.slice(from, from + 100);
        await Promise.all(part.map((name) => first.revocations.add({ name, expiresAt: NOW + 600 })));
      }
      const second = await connectStores({ prefix });

      expect(names.filter((name) => second.revocations.find(name) === undefined)).toEqual([]);
    });

    test('needs the permissions of its Redis user that docs/guides/stores.md names, and no more', async () => {
      const page = await readFile(new URL('../../docs/guides/stores.md', import.meta.url), 'utf8');
      const [, permissions = ''] = /has `(\+@hash [^`]+)`/.exec(page.replaceAll('\n', ' ')) ?? [];
      const keys = ['~narrow:*', '~{narrow}:*'];
      await redis.command('ACL', 'SETUSER', 'app', 'on', '>secret', ...keys, ...permissions.split(' '));
      const url = `redis://app:secret@127.0.0.1:${redis.port}`;
      const stores = await connectStores({ url, prefix: 'narrow' });
      const { revocations, families, counters, limits, replays } = stores;
      const other = await connectStores({ url, prefix: 'narrow' });
      await revocations.add({ name: 'a', expiresAt: NOW + 600, owner: 'demo' });
      await families.insert({ id: 'f', state: stateOf('a'), expiresAt: NOW + 600 });
      const family = await families.find({ clientId: stateOf('a').clientId, id: 'f' });
      await counters.add({ name: 'c', amount: 1, expiresAt: NOW + 600 });

      const rates = [{ name: 'r', quota: 1, windowSeconds: 60, cost: 1 }];
      const group = { name: 'g', maxMembers: 1 };
      const step = { id: 's', buckets: [{ name: 'b', rates, concurrency: 1, group }], leaseSeconds: 9 };

      expect((await limits.admit(step)).kind).toBe('admitted');
      expect([await limits.renew(step), await limits.settle(step, { r: 0 })]).toEqual([true, true]);
      expect(family !== undefined && (await families.replace(family))).toBe(true);
      expect(await counters.read('c')).toBe(1);
      expect(await replays.use({ digest: 'd', jkt: 'k', quota: 1, expiresAt: NOW + 60 })).toBe('first');
      while (other.revocations.find('a') === undefined)
        await new Promise((resolve) => setTimeout(resolve, 5));
    });
  });
});

describe('openRedisStores', () => {
  test('reports that Redis does not answer, without its password', async () => {
    const url = `redis://:secret@127.0.0.1:${await findFreePort()}`;
    const failure = await openRedisStores({ url, startTimeoutSeconds: 0.1 }).catch((error) => error);

    expect(failure.message).toMatch(
      /^openRedisStores: cannot use Redis at 127\.0\.0\.1:\d+: connect ECONNREFUSED/,
    );
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
  ])('rejects %j', async (options) => {
    await expect(openRedisStores(untyped(options))).rejects.toThrow(TypeError);
  });
});
