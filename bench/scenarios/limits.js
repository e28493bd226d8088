import { createLimits, createMemoryStores } from 'passport-jwe';
import { openRedisStores } from 'passport-jwe/redis';
import { HAS_REDIS, startRedis } from '../redis.js';
import { inFlight, oneAtATime } from '../subjects.js';

/** More than any run admits, so that no request is rejected. */
const LIMITS = {
  requests_per_minute: 1_000_000_000,
  tokens_per_minute: 1_000_000_000,
  requests_per_hour: 1_000_000_000,
  concurrent_requests: 1_000_000,
};

/**
 * Admits a request against all limits of its API key and settles it, in memory and in Redis.
 * @param {import('../token.js').Fixture} fixture
 */
export async function createLimitsScenario({ service, tokens }) {
  const token = await service.verify(tokens[0]);
  const memory = createMemoryStores();
  const redis = HAS_REDIS ? await connectRedis() : undefined;
  const admitTo = (stores) => {
    const limits = createLimits({ stores, apiKeys: { get: () => ({ rateLimits: LIMITS }) } });
    return async () => {
      const admission = await limits.admit(token, { tokens: 10 });
      await admission.settle({ tokens: 5 });
    };
  };
  return {
    name: 'limits',
    subjects: [
      oneAtATime('memory', admitTo(memory)),
      ...(redis === undefined
        ? []
        : [
            oneAtATime('Redis', admitTo(redis.stores)),
            inFlight('Redis, 64 in flight', admitTo(redis.stores), 64),
          ]),
    ],
    async dispose() {
      await memory.close();
      await redis?.end();
    },
  };
}

async function connectRedis() {
  const server = await startRedis();
  const stores = await openRedisStores({ url: server.url });
  return {
    stores,
    async end() {
      await stores.close();
      await server.end();
    },
  };
}
