import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from './cluster.js';
import { type Drill, type DrillContext, nowMs } from './drill.js';
import { addressesIn, GatewayClient } from './gateway-client.js';
import type { GatewayProcess } from './gateway-process.js';
import { HONEST_FILE, HONEST_KEY } from './load.js';
import {
  accessTokenOf,
  checkObserved,
  checkStatuses,
  countAccepted,
  type PreparedTokens,
  prepareTokens,
  probeEach,
  statusesOf,
  untilAll,
  useToken,
} from './store-clients.js';
import { StatusWatch } from './watch-statuses.js';

/** Maximum time until `/readyz` reports a changed clock, in milliseconds. */
const REPORT_MS = 1000;
const AHEAD_SECONDS = 3600;

const client = new GatewayClient(addressesIn('198.51.100'));

/** The clock of one of two gateways is wrong: first while it runs, then at its start. */
export const clockWrongDrill: Drill = {
  name: 'clock-wrong',
  runbook: 'clock-wrong',
  summary: 'corrects the clock of a gateway that was changed while it ran, and before its start',
  async run(context) {
    const clock = createClock(join(context.directory, 'clock'));
    await clock.set(0);
    const { wrapper } = clock;
    const cluster = await context.startCluster({
      apiKeys: { 'honest.yaml': HONEST_FILE },
      wrapperOf: (index) => (index === 0 ? [] : wrapper),
    });
    const [first, second] = cluster.gateways;
    if (first === undefined || second === undefined) throw new Error('The drill requires two gateways');
    const tokens = await prepareTokens(client, cluster.gateways);
    const correct = new StatusWatch(context, probeEach([first], useToken(client, tokens.valid)));
    await stepWhileRunning({ context, cluster, clock, second, tokens });
    await startWithWrongClock({ context, cluster, clock, second, tokens });
    // The runbook restarts this gateway too, so that its clients are stopped before.
    checkObserved(context, 'the other gateway accepts all valid tokens', await correct.stop(), [200]);
    await restartAndVerify({ context, cluster, clock, second, tokens });
  },
};

interface ClockDrill {
  readonly context: DrillContext;
  readonly cluster: Cluster;
  readonly clock: SetClock;
  /** The gateway whose clock is wrong. */
  readonly second: GatewayProcess;
  readonly tokens: PreparedTokens;
}

async function stepWhileRunning({ context, cluster, clock, second, tokens }: ClockDrill): Promise<void> {
  const { gateways, environment } = cluster;
  await clock.set(AHEAD_SECONDS);
  const changedAt = nowMs();
  await untilReady(second, 503);
  context.measure({
    ...{ name: 'report of the changed clock', value: nowMs() - changedAt, unit: 'ms', atMost: REPORT_MS },
    needsQuietMachine: true,
  });
  const { output } = await context.runBlock('read-clock-checks', environment);
  context.check('the runbook finds the changed clock', output.includes('clock_stepped'), output);
  const early = accessTokenOf(await client.exchange(second.origin, HONEST_KEY));
  const others = gateways.filter((gateway) => gateway !== second);
  const rejected = await statusesOf(client, others, early);
  checkStatuses(context, 'the other gateway rejects tokens from the future', rejected, 401);

  await clock.set(0);
  const correctedAt = nowMs();
  await untilReady(second, 200);
  context.measure({
    ...{ name: 'recovery after the correction', value: nowMs() - correctedAt, unit: 'ms', atMost: REPORT_MS },
    needsQuietMachine: true,
  });
  const accepted = await statusesOf(client, gateways, tokens.valid);
  checkStatuses(context, 'valid tokens are accepted after the correction', accepted, 200);
  const revoked = await statusesOf(client, gateways, tokens.revoked);
  checkStatuses(context, 'the revoked token is rejected after the correction', revoked, 401);
}

async function startWithWrongClock({ context, cluster, clock, second }: ClockDrill): Promise<void> {
  await second.stop();
  await clock.set(AHEAD_SECONDS);
  // It becomes ready only after its restart, so that this start never succeeds.
  second.start().catch(() => undefined);
  await untilReady(second, 503);
  const { body } = await readReadiness(second);
  context.check(
    'a gateway that starts with a wrong clock reports clock_skew',
    body.includes('clock_skew'),
    body,
  );
  const { output } = await context.runBlock('compare-clocks', cluster.environment);
  context.check(
    'the runbook prints both times',
    /^Redis +\d{10}\nthis machine \d{10}\n$/.test(output),
    output,
  );
  await clock.set(0);
}

async function restartAndVerify({ context, cluster, tokens }: ClockDrill): Promise<void> {
  const { gateways, environment } = cluster;
  await context.runBlock('restart-after-correction', environment);
  const { output } = await context.runBlock('verify-clocks', environment);
  context.check(
    'the verification of the runbook prints 200 for both gateways',
    countAccepted(output) === gateways.length,
    output,
  );
  const accepted = await statusesOf(client, gateways, tokens.valid);
  checkStatuses(context, 'valid tokens are accepted after the restart', accepted, 200);
  const issued = accessTokenOf(await client.exchange(gateways[1]?.origin ?? '', HONEST_KEY));
  await untilAll(gateways, async (origin) => (await client.getDocuments(origin, issued)).status === 200);
  const revoked = await statusesOf(client, gateways, tokens.revoked);
  checkStatuses(context, 'the revoked token is rejected after the restart', revoked, 401);
}

async function readReadiness({ origin }: GatewayProcess): Promise<{ status: number; body: string }> {
  const answer = await fetch(`${origin}/readyz`).catch(() => undefined);
  return { status: answer?.status ?? 0, body: (await answer?.text()) ?? '' };
}

async function untilReady(gateway: GatewayProcess, status: number): Promise<void> {
  while ((await readReadiness(gateway)).status !== status)
    await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Clock of a process, relative to the system time. */
interface SetClock {
  /** Command before `node`. */
  readonly wrapper: readonly string[];
  set(aheadSeconds: number): Promise<void>;
}

function createClock(file: string): SetClock {
  const module = new URL('set-clock.js', import.meta.url);
  return {
    wrapper: ['env', `NODE_OPTIONS=--import=${module}`, `CLOCK_FILE=${file}`],
    async set(aheadSeconds) {
      await writeFile(`${file}.next`, String(aheadSeconds));
      await rename(`${file}.next`, file);
    },
  };
}
