import type { Cluster } from './cluster.js';
import { type Drill, type DrillContext, nowMs } from './drill.js';
import { addressesIn, GatewayClient } from './gateway-client.js';
import { HONEST_FILE } from './load.js';
import type { RedisServer } from './redis-server.js';
import {
  checkObserved,
  checkStatuses,
  countAccepted,
  type PreparedTokens,
  prepareTokens,
  probeEach,
  statusesOf,
  untilAll,
  useAndRenew,
  useToken,
} from './store-clients.js';
import { findRecovery, StatusWatch } from './watch-statuses.js';

/** Maximum time from the start of the new Redis until both gateways accept tokens, in milliseconds. */
const RECOVERY_MS = 2000;

const client = new GatewayClient(addressesIn('198.51.100'));

/** Redis loses its data: first while two gateways run, then while none runs. */
export const redisLostDrill: Drill = {
  name: 'redis-lost',
  runbook: 'redis-lost',
  summary: 'replaces a Redis that lost its data, and restores the revocations from the gateways',
  async run(context) {
    const cluster = await context.startCluster({ apiKeys: { 'honest.yaml': HONEST_FILE } });
    const { gateways, redis } = cluster;
    if (redis === undefined) throw new Error('The drill requires its own Redis');
    const tokens = await prepareTokens(client, gateways);
    await loseWhileRunning(context, cluster, redis, tokens);
    await restartGateway(context, cluster, tokens);
    await loseWhileStopped(context, cluster, redis, tokens);
  },
};

async function loseWhileRunning(
  context: DrillContext,
  { gateways, environment }: Cluster,
  redis: RedisServer,
  tokens: PreparedTokens,
): Promise<void> {
  const valid = new StatusWatch(context, probeEach(gateways, useToken(client, tokens.valid)));
  const revoked = new StatusWatch(context, probeEach(gateways, useToken(client, tokens.revoked)));
  await valid.untilAccepted();
  await redis.kill();
  await redis.wipe();
  await valid.until('requests fail', ({ status }) => status === 503);
  await untilAll(gateways, async (origin) => (await fetch(`${origin}/readyz`)).status === 503);
  const { output } = await context.runBlock('read-readiness', environment);
  context.check('the gateways report the outage', output.includes('connection_refused'), output);

  const startedAt = nowMs();
  await redis.start();
  await valid.untilAccepted();
  const verified = await context.runBlock('verify-restored', environment);
  context.check(
    'the verification of the runbook prints 200 for both gateways, and the revocations',
    countAccepted(verified.output) === gateways.length && /^[1-9]\d*$/m.test(verified.output),
    verified.output,
  );
  const observed = await valid.stop();
  context.measure({
    ...{ name: 'recovery after the start of Redis', value: findRecovery(observed, startedAt) - startedAt },
    ...{ unit: 'ms', atMost: RECOVERY_MS, needsQuietMachine: true },
  });
  checkObserved(context, 'valid tokens receive only 200 and 503', observed, [200, 503]);
  checkObserved(context, 'the revoked token receives only 401 and 503', await revoked.stop(), [401, 503]);
  context.check(
    'a gateway records store.data_lost',
    gateways.some((gateway) => gateway.output().includes('store.data_lost')),
  );
}

/** The second gateway forgets its replica, and loads the restored revocations. */
async function restartGateway(
  context: DrillContext,
  { gateways }: Cluster,
  { valid, revoked }: PreparedTokens,
): Promise<void> {
  const [, second] = gateways;
  await second?.stop();
  await second?.start();
  const accepted = await statusesOf(client, gateways, valid);
  checkStatuses(context, 'a restarted gateway accepts the tokens from before the loss', accepted, 200);
  const rejected = await statusesOf(client, gateways, revoked);
  checkStatuses(context, 'a restarted gateway rejects the revoked token', rejected, 401);
}

async function loseWhileStopped(
  context: DrillContext,
  { gateways }: Cluster,
  redis: RedisServer,
  { valid, revoked }: PreparedTokens,
): Promise<void> {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await redis.kill();
  await redis.wipe();
  await redis.start();
  await Promise.all(gateways.map((gateway) => gateway.start()));
  const rejected = [valid, revoked].map((token) => statusesOf(client, gateways, token));
  checkStatuses(
    context,
    'without a running gateway, all earlier tokens are rejected',
    (await Promise.all(rejected)).flat(),
    401,
  );
  const renewed = new StatusWatch(context, probeEach(gateways, useAndRenew(client, valid)));
  await renewed.untilAccepted();
  checkObserved(context, 'clients that exchange their API keys again succeed', await renewed.stop(), [200]);
}
