import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createRevocations } from 'passport-jwe';
import request from 'supertest';
import { openRedisStores } from '../../src/stores/redis/open-redis-stores.js';
import type { Stores } from '../../src/stores/stores.js';
import { ADAPTERS } from '../support/apps.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

const REQUESTS = 500;

describeWithRedis('a guarded request', () => {
  let redis: RedisServer;
  let stores: Stores;

  beforeAll(async () => {
    redis = await startRedis();
    stores = await openRedisStores({ url: redis.url, clock, commandTimeoutMs: 2000 });
  });

  afterAll(async () => {
    await stores.close();
    await redis.dispose();
  });

  async function countCommands(): Promise<number> {
    const statistics = String(await redis.command('INFO', 'commandstats'));
    return [...statistics.matchAll(/calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
  }

  test.each(ADAPTERS)('sends no command to Redis, by $name', async ({ createApp }) => {
    const revocations = createRevocations({ stores, clock });
    const keyRing = await createRing();
    const app = createApp({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock, revocations });
    const server = app.listen(0, '127.0.0.1');
    const tokens = Array.from({ length: REQUESTS }, (_, serial) =>
      mintToken(keyRing, { claims: { jti: `t${serial}` } }),
    );

    const before = await countCommands();
    const statuses = new Set<number>();
    for (const token of tokens) {
      const answer = await request(server).get('/resource').auth(token, { type: 'bearer' });
      statuses.add(answer.status);
    }
    const commands = (await countCommands()) - before;
    server.close();

    expect([...statuses]).toEqual([200]);
    // The replica of the revocations looks for news a few times a second, whatever is asked of the application.
    expect(commands).toBeLessThan(REQUESTS / 2);
  });
});
