import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cluster, startCluster } from './cluster.js';
import { type Drill, type DrillContext, nowMs } from './drill.js';
import { addressesIn, GatewayClient } from './gateway-client.js';
import { HONEST_FILE, HONEST_KEY } from './load.js';
import { startRedis } from './redis-server.js';
import {
  checkObserved,
  checkStatuses,
  prepareTokens,
  probeEach,
  statusesOf,
  untilAll,
  useAndRenew,
} from './store-clients.js';
import { StatusWatch } from './watch-statuses.js';

const client = new GatewayClient(addressesIn('198.51.100'));
const apiKeys = { 'honest.yaml': HONEST_FILE };

/** A store is restored from a backup that lacks a revocation: first the embedded store, then Redis. */
export const restoreBackupDrill: Drill = {
  name: 'restore-backup',
  runbook: 'restore-backup',
  summary: 'restores an embedded store and a Redis from backups, and rejects tokens that were revoked since',
  async run(context) {
    await restoreEmbeddedStore(context);
    await restoreRedis(context);
  },
};

async function restoreEmbeddedStore(context: DrillContext): Promise<void> {
  const DATA_DIR = join(context.directory, 'data');
  const BACKUP_DIR = join(context.directory, 'backup');
  const { gateways, ...cluster } = await context.startCluster({ apiKeys, store: { DATA_DIR } });
  const environment = { ...cluster.environment, BACKUP_DIR };
  const revoked = await revokeAfter(gateways, () => context.runBlock('back-up-store', environment));
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  const stoppedAt = nowMs();
  await context.runBlock('replace-store', environment);
  const [first] = gateways;
  const failure = await first?.start().then(
    () => 'The gateway started',
    (error: unknown) => String(error),
  );
  context.check(
    'a gateway does not start with the restored store',
    failure?.includes('accept-restore') === true,
    failure,
  );
  await context.runBlock('accept-restore', environment);
  await Promise.all(gateways.map((gateway) => gateway.start()));
  const name = 'embedded store';
  context.measure({ name: `${name}: duration of the restore`, value: nowMs() - stoppedAt, unit: 'ms' });
  await checkRestored(name, context, revoked);
  await Promise.all(gateways.map((gateway) => gateway.stop()));
}

async function restoreRedis(context: DrillContext): Promise<void> {
  const directory = join(context.directory, 'redis');
  const paths = { REDIS_DIR: join(directory, 'data'), BACKUP_DIR: join(directory, 'backup') };
  for (const path of Object.values(paths)) await mkdir(path, { recursive: true });
  const redis = await startRedis(['--save', '', '--dir', paths.REDIS_DIR]);
  context.onEnd(() => redis.dispose());
  const { gateways, ...cluster } = await startCluster(directory, {
    apiKeys,
    store: { REDIS_URL: redis.url },
  });
  context.onEnd(() => cluster.dispose());
  const environment = { ...cluster.environment, ...paths };
  const revoked = await revokeAfter(gateways, () => context.runBlock('back-up-redis', environment));
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  const stoppedAt = nowMs();
  await redis.kill();
  for (const file of await readdir(paths.REDIS_DIR)) {
    await rm(join(paths.REDIS_DIR, file), { recursive: true });
  }
  await context.runBlock('replace-redis', environment);
  await redis.start();
  await context.runBlock('begin-epoch', environment);
  await Promise.all(gateways.map((gateway) => gateway.start()));
  context.measure({ name: 'Redis: duration of the restore', value: nowMs() - stoppedAt, unit: 'ms' });
  await checkRestored('Redis', context, revoked);
  const { output } = await context.runBlock('verify-revoked-token', {
    ...environment,
    REVOKED_TOKEN: revoked.token,
  });
  context.check(
    'the verification of the runbook prints 401 for both gateways',
    /^(\S+ 401\n){2}$/.test(output),
    output,
  );
}

/** Tokens that were revoked after the backup, and the gateways that rejected them. */
interface RevokedLater {
  readonly gateways: Cluster['gateways'];
  readonly token: string;
  readonly refreshToken: string;
}

/** Creates a backup, then revokes a token and ends a session. Resolves once all gateways reject the token. */
async function revokeAfter(
  gateways: Cluster['gateways'],
  backUp: () => Promise<unknown>,
): Promise<RevokedLater> {
  const [{ origin = '' } = {}] = gateways;
  const { valid: token, refreshToken } = await prepareTokens(client, gateways);
  await backUp();
  await client.revoke(origin, HONEST_KEY, token);
  await client.revoke(origin, HONEST_KEY, refreshToken);
  await untilAll(gateways, async (each) => (await client.getDocuments(each, token)).status === 401);
  return { gateways, token, refreshToken };
}

async function checkRestored(
  name: string,
  context: DrillContext,
  { gateways, token, refreshToken }: RevokedLater,
): Promise<void> {
  const rejected = await statusesOf(client, gateways, token);
  checkStatuses(context, `${name}: a token that was revoked after the backup is rejected`, rejected, 401);
  const refreshes = gateways.map(({ origin }) => client.refresh(origin, HONEST_KEY, refreshToken));
  const statuses = (await Promise.all(refreshes)).map(({ status }) => status);
  checkStatuses(context, `${name}: a session that ended after the backup is rejected`, statuses, 400);
  const renewed = new StatusWatch(context, probeEach(gateways, useAndRenew(client, token)));
  await renewed.untilAccepted();
  const observed = await renewed.stop();
  checkObserved(context, `${name}: clients that exchange their API keys again succeed`, observed, [200]);
}
