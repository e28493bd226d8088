import type { Cluster } from './cluster.js';
import type { DrillContext } from './drill.js';
import { addressesIn, GatewayClient } from './gateway-client.js';
import type { Environment } from './gateway-process.js';
import { describeApiKey, HONEST_FILE, Load } from './load.js';
import { checkLoad, checkTokens } from './report-drill.js';

const KEY_ID = 'operator';
const API_KEY = 'sk-operator-0123456789abcdef';

/** Number of requests before the change, and after each restart. */
const REQUESTS = 20;

/** Change of a setting in two rounds of restarts, and the removal of the old value. */
export interface SettingChange {
  readonly settings?: Environment;
  readonly keys?: Environment;
  /** Variables of the operator. */
  readonly variables: Environment;
  /** Blocks of the two rounds. */
  readonly rounds: readonly [string, string];
  /** Block that prints the value that an instance uses, one line for each instance. */
  readonly verification: string;
  /** Block that removes the old value. */
  readonly removal: string;
}

/** Changes a setting of all gateways under load, and checks that every valid token is accepted until the removal. */
export async function changeSetting(context: DrillContext, change: SettingChange): Promise<void> {
  const { settings = {}, keys, variables, rounds, verification, removal } = change;
  const apiKeys = { 'honest.yaml': HONEST_FILE, 'operator.yaml': describeApiKey(KEY_ID, API_KEY) };
  const cluster = await context.startCluster({ apiKeys, settings, ...(keys && { keys }) });
  const environment = { ...cluster.environment, ...variables, KEY_ID, API_KEY };
  const read = async () => (await context.runBlock(verification, environment)).output.trim().split('\n');

  const operator = new GatewayClient(addressesIn('192.0.2'));
  const old = await requestToken(operator, cluster);
  const before = await read();
  const load = await Load.start(cluster);
  await load.requests(REQUESTS);
  cluster.afterEachRestart(() => load.requests(REQUESTS)); // gateways with old and new settings are in rotation
  for (const round of rounds) {
    const { startedAt, endedAt } = await context.runBlock(round, environment);
    context.measure({ name: `restarts of ${round}`, value: endedAt - startedAt, unit: 'ms' });
  }
  cluster.afterEachRestart(async () => undefined);
  checkLoad(context, await load.stop());
  checkTokens(context, await load.useAll());

  const after = await read();
  const isChanged = new Set(after).size === 1 && after.length === cluster.gateways.length;
  context.check('all gateways use the new value', isChanged && after[0] !== before[0], after.join(' '));
  const recent = await requestToken(operator, cluster);
  await context.runBlock(removal, environment);
  const statuses = cluster
    .origins()
    .map(async (origin) => [
      (await operator.getDocuments(origin, old)).status,
      (await operator.getDocuments(origin, recent)).status,
    ]);
  const found = (await Promise.all(statuses)).join(' ');
  context.check(
    'after the removal, only tokens of the old value are rejected',
    found === '401,200 401,200',
    found,
  );
}

async function requestToken(client: GatewayClient, { gateways }: Cluster): Promise<string> {
  const { accessToken, text } = await client.exchange(gateways[0]?.origin ?? '', API_KEY);
  if (accessToken === undefined) throw new Error(`No token: ${text}`);
  return accessToken;
}
