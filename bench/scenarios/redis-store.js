import { openRedisStores } from 'passport-jwe/redis';
import { AMOUNT, createLoadTest } from '../http/load-test.js';
import { startRedis } from '../redis.js';
import { toRequest } from './guarded-route.js';

/**
 * A route that decrypts each token and checks it for revocation: with the memory store, and with the replica of a Redis
 * store, in one process and in four.
 * @param {import('../token.js').Fixture} fixture
 * @returns {Promise<import('../measure.js').Scenario>}
 */
export async function createRedisStoreScenario({ service, request, material }) {
  const redis = await startRedis();
  const requests = await issueAfterStart(redis.url, () => service.issue(request));
  const candidates = [
    { name: 'memory', app: 'memory store', requests },
    { name: 'Redis', app: 'Redis store', requests },
    { name: 'Redis, four instances', app: 'Redis store', requests, instances: 4 },
  ];
  const scenario = await createLoadTest('HTTP, revocations', candidates, {
    ...material,
    redisUrl: redis.url,
  });
  return {
    ...scenario,
    async dispose() {
      await scenario.dispose();
      await redis.end();
    },
  };
}

/** A store rejects tokens older than itself, because it does not know their revocations. */
async function issueAfterStart(url, issue) {
  const stores = await openRedisStores({ url });
  await stores.close();
  const issued = await Promise.all(Array.from({ length: AMOUNT }, issue));
  return issued.map(({ token }) => toRequest(token));
}
