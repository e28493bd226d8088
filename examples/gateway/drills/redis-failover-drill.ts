import { setTimeout as pause } from 'node:timers/promises';
import { type Drill, type DrillContext, nowMs } from './drill.js';
import { addressesIn, GatewayClient } from './gateway-client.js';
import type { Environment, GatewayProcess } from './gateway-process.js';
import { HONEST_FILE } from './load.js';
import { type SentinelGroup, startSentinels } from './redis-sentinels.js';
import {
  checkObserved,
  countAccepted,
  type PreparedTokens,
  prepareTokens,
  probeEach,
  revokeNewTokens,
  useToken,
} from './store-clients.js';
import { findRecovery, type ObservedStatus, StatusWatch } from './watch-statuses.js';

/** Maximum time from the end of the primary until both gateways accept tokens, in milliseconds. */
const FAILOVER_MS = 2000;
/** Maximum time from the promotion of a replica until both gateways accept tokens, in milliseconds. */
const FOLLOW_MS = 1000;
/** Time after the recovery in which a second failover would begin. */
const AFTERMATH_MS = 1500;

const client = new GatewayClient(addressesIn('198.51.100'));
const revoker = new GatewayClient(addressesIn('203.0.113'));

/** Redis fails over by Sentinel: first by a command, then because the primary is killed. */
export const redisFailoverDrill: Drill = {
  name: 'redis-failover',
  runbook: 'redis-failover',
  summary: 'starts a planned failover of Redis under load, and kills the primary',
  async run(context) {
    const group = await startSentinels(context.directory);
    context.onEnd(() => group.dispose());
    const { gateways, ...cluster } = await context.startCluster({
      apiKeys: { 'honest.yaml': HONEST_FILE },
      store: group.settings,
    });
    const environment = { ...cluster.environment, ...group.environment };
    await context.runBlock('shorten-intervals', environment);
    const tokens = await prepareTokens(client, gateways);
    const drill = { context, group, gateways, environment, tokens };
    await failOverByCommand(drill);
    await group.untilReplicated();
    await killPrimary(drill);
  },
};

interface FailoverDrill {
  readonly context: DrillContext;
  readonly group: SentinelGroup;
  readonly gateways: readonly GatewayProcess[];
  readonly environment: Environment;
  readonly tokens: PreparedTokens;
}

async function killPrimary(drill: FailoverDrill): Promise<void> {
  const { context, group, environment } = drill;
  const clients = startClients(drill);
  await clients.valid.untilAccepted();
  await clients.revocations.untilAccepted();
  const promoted = notePromotion(group);
  const killedAt = nowMs();
  await group.killPrimary();
  await clients.valid.until('requests fail', ({ status }) => status !== 200);
  await clients.valid.untilAccepted();
  const promotedAt = await promoted;
  await pause(AFTERMATH_MS);
  const { output } = await context.runBlock('find-primary', environment);
  const port = await group.readPrimaryPort();
  context.check(
    'all Sentinels report the promoted replica',
    output.match(new RegExp(`^127\\.0\\.0\\.1:${port}$`, 'gm'))?.length === 3,
    output,
  );
  const recoveredAt = findRecovery(await stopClients('failover', drill, clients), killedAt);
  context.measure({
    ...{ name: 'failover', value: recoveredAt - killedAt, unit: 'ms', atMost: FAILOVER_MS },
    needsQuietMachine: true,
  });
  context.measure({
    ...{ name: 'recovery after the promotion', value: Math.max(0, recoveredAt - promotedAt), unit: 'ms' },
    atMost: FOLLOW_MS,
  });
}

async function failOverByCommand(drill: FailoverDrill): Promise<void> {
  const { context, group, gateways, environment } = drill;
  const clients = startClients(drill);
  await clients.valid.untilAccepted();
  const promoted = notePromotion(group);
  const { startedAt } = await context.runBlock('start-failover', environment);
  await promoted;
  await pause(AFTERMATH_MS);
  const verified = await context.runBlock('verify-failover', environment);
  context.check(
    'the verification of the runbook prints 200 for both gateways',
    countAccepted(verified.output) === gateways.length,
    verified.output,
  );
  const observed = await stopClients('planned failover', drill, clients);
  const beganAt = observed.find(({ status, sentAt }) => status !== 200 && sentAt >= startedAt)?.sentAt;
  const outage = beganAt === undefined ? 0 : findRecovery(observed, beganAt) - beganAt;
  context.measure({
    ...{ name: 'outage by a planned failover', value: outage, unit: 'ms', atMost: FAILOVER_MS },
    needsQuietMachine: true,
  });
}

/** Returns the time at which the first Sentinel reports a different primary. */
async function notePromotion(group: SentinelGroup): Promise<number> {
  const before = await group.readPrimaryPort();
  while ((await group.readPrimaryPort()) === before) await pause(20);
  return nowMs();
}

interface Clients {
  readonly valid: StatusWatch;
  readonly revoked: StatusWatch;
  readonly revocations: StatusWatch;
  /** Revoked tokens whose revocation a gateway has confirmed. */
  readonly confirmed: readonly string[];
}

function startClients({ context, gateways, tokens }: FailoverDrill): Clients {
  const confirmed: string[] = [];
  return {
    valid: new StatusWatch(context, probeEach(gateways, useToken(client, tokens.valid))),
    revoked: new StatusWatch(context, probeEach(gateways, useToken(client, tokens.revoked))),
    revocations: new StatusWatch(context, probeEach(gateways, revokeNewTokens(revoker, confirmed))),
    confirmed,
  };
}

/** Stops the clients, checks their responses, and returns the responses to the valid token. */
async function stopClients(
  name: string,
  { context, gateways }: FailoverDrill,
  { valid, revoked, revocations, confirmed }: Clients,
): Promise<readonly ObservedStatus[]> {
  const observed = await valid.stop();
  const rejected = await revoked.stop();
  const revocationAnswers = await revocations.stop();
  checkObserved(context, `${name}: valid tokens receive only 200 and 503`, observed, [200, 503]);
  checkObserved(context, `${name}: the revoked token receives only 401 and 503`, rejected, [401, 503]);
  checkObserved(context, `${name}: revocations receive only 200 and 503`, revocationAnswers, [200, 503]);
  context.measure({ name: `${name}: uses of the revoked token`, value: rejected.length, unit: '' });
  context.measure({ name: `${name}: confirmed revocations`, value: confirmed.length, unit: '' });
  const accepted: string[] = [];
  for (const { origin } of gateways) {
    for (const token of confirmed) {
      const { status } = await client.getDocuments(origin, token);
      if (status !== 401) accepted.push(`${origin} ${status}`);
    }
  }
  context.measure({ name: `${name}: accepted revoked tokens`, value: accepted.length, unit: '', atMost: 0 });
  return observed;
}
