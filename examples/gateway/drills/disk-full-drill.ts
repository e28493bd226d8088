import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Drill } from './drill.js';
import { addressesIn, GatewayClient } from './gateway-client.js';
import { HONEST_FILE } from './load.js';
import { canMount, mountSmallDisk } from './mount-disk.js';
import {
  checkObserved,
  prepareTokens,
  probeEach,
  revokeNewTokens,
  statusesOf,
  untilAll,
  useToken,
} from './store-clients.js';
import { findRecovery, StatusWatch } from './watch-statuses.js';

const DISK_KILOBYTES = 16_384;
/** Maximum time until both gateways confirm revocations again, in milliseconds. */
const RECOVERY_MS = 2000;
/** Time for which the drill uses the full disk. */
const FULL_MS = 1000;

const client = new GatewayClient(addressesIn('198.51.100'));
const revoker = new GatewayClient(addressesIn('203.0.113'));

/** The disk of two gateways with an embedded store is full. */
export const diskFullDrill: Drill = {
  name: 'disk-full',
  runbook: 'disk-full',
  summary:
    'frees space on the full disk of the embedded store; requires the permission to mount file systems',
  canRun: canMount,
  async run(context) {
    const disk = mountSmallDisk(DISK_KILOBYTES);
    context.onEnd(async () => disk.dispose());
    const dataDir = join(disk.path, 'data');
    const { gateways, environment } = await context.startCluster({
      apiKeys: { 'honest.yaml': HONEST_FILE },
      store: { DATA_DIR: dataDir },
    });
    const ARCHIVE_DIR = join(context.directory, 'archive');
    await mkdir(ARCHIVE_DIR);
    const tokens = await prepareTokens(client, gateways);
    await disk.fill(0, join(dataDir, 'audit.jsonl.1'));

    const confirmed: string[] = [];
    const valid = new StatusWatch(context, probeEach(gateways, useToken(client, tokens.valid)));
    const revoked = new StatusWatch(context, probeEach(gateways, useToken(client, tokens.revoked)));
    const revocations = new StatusWatch(context, probeEach(gateways, revokeNewTokens(revoker, confirmed)));
    await revocations.until('revocations fail', ({ status }) => status === 503);
    await untilAll(gateways, async (origin) => (await readWarnings(origin)).includes('disk_full'));
    await pause(FULL_MS);
    context.check('no revocation is confirmed on the full disk', confirmed.length === 0);

    const variables = { ...environment, ARCHIVE_DIR };
    const { output } = await context.runBlock('find-large-files', variables);
    context.check('the runbook finds the large file', output.includes('audit.jsonl.1'), output);
    const { startedAt } = await context.runBlock('move-audit-files', variables);
    await revocations.untilAccepted();
    const verified = await context.runBlock('verify-space', variables);
    context.check(
      'the verification of the runbook ends without a warning',
      !verified.output.includes('disk_full') && verified.output.includes('"status":"ok"'),
      verified.output,
    );
    const recoveredAt = findRecovery(await revocations.stop(), startedAt);
    context.measure({
      ...{ name: 'first revocation after the command', value: recoveredAt - startedAt, unit: 'ms' },
      ...{ atMost: RECOVERY_MS, needsQuietMachine: true },
    });
    checkObserved(context, 'valid tokens are always accepted', await valid.stop(), [200]);
    checkObserved(context, 'the revoked token is always rejected', await revoked.stop(), [401]);
    const statuses = await Promise.all(confirmed.map((token) => statusesOf(client, gateways, token)));
    const accepted = statuses.flat().filter((status) => status !== 401).length;
    context.measure({ name: 'accepted revoked tokens', value: accepted, unit: '', atMost: 0 });
  },
};

/** Returns the body of `/readyz`. With another status than 200, the result is empty. */
async function readWarnings(origin: string): Promise<string> {
  const answer = await fetch(`${origin}/readyz`);
  const body = await answer.text();
  return answer.status === 200 ? body : '';
}
