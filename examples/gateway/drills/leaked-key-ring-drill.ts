import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createKeyRing, createTokenIssuer } from 'passport-jwe';
import { AUDIENCE, ISSUER } from './cluster.js';
import type { Drill } from './drill.js';
import { addressesIn, GatewayClient } from './gateway-client.js';
import { HONEST_FILE, HONEST_KEY } from './load.js';
import type { RedisServer } from './redis-server.js';
import { checkCutOff } from './report-drill.js';
import { checkObserved, checkStatuses, prepareTokens, probeEach, useAndRenew } from './store-clients.js';
import { CutOffWatch } from './watch-cut-off.js';
import { StatusWatch } from './watch-statuses.js';

/** The runbook advises 120. The gateways of the drill read the file as it changes. */
const PENDING_SECONDS = 2;

const client = new GatewayClient(addressesIn('198.51.100'));
const attacker = new GatewayClient(addressesIn('203.0.113'));

/** An attacker creates tokens with a copy of the key file, until the operator revokes the key version. */
export const leakedKeyRingDrill: Drill = {
  name: 'leaked-key-ring',
  runbook: 'leaked-key-ring',
  summary: 'replaces leaked keys, and rejects the tokens that an attacker creates with them',
  async run(context) {
    const { gateways, environment, redis } = await context.startCluster({
      apiKeys: { 'honest.yaml': HONEST_FILE },
    });
    if (redis === undefined) throw new Error('The drill requires its own Redis');
    const tokens = await prepareTokens(client, gateways);
    const copy = join(context.directory, 'leaked-keys.json');
    await copyFile(environment['JWE_KEYS_FILE'] ?? '', copy);
    const forge = await createForger(copy);
    const honest = new StatusWatch(context, probeEach(gateways, useAndRenew(client, tokens.valid)));
    await honest.untilAccepted();

    const { output } = await context.runBlock('list-key-versions', environment);
    const OLD_KID = /^(\S+) +current/m.exec(output)?.[1] ?? '';
    const variables = {
      ...environment,
      ...{ OLD_KID, PENDING_SECONDS: String(PENDING_SECONDS), OLD_TOKEN: tokens.valid },
    };
    await context.runBlock('rotate-keys', variables);
    await pause((PENDING_SECONDS + 1) * 1000);
    const watch = new CutOffWatch(
      probeEach(gateways, (origin) => async () => attacker.getDocuments(origin, await forge())),
    );
    await watch.untilAccepted();
    const { startedAt } = await context.runBlock('revoke-old-version', variables);
    const changedAt = await readLastRevocation(redis);
    checkCutOff(context, await watch.untilRejected(), { startedAt, changedAt });
    await context.runBlock('retire-old-version', variables);
    const verified = await context.runBlock('verify-old-token', variables);
    context.check(
      'the verification of the runbook prints 401 for both gateways',
      /^(\S+ 401\n){2}$/.test(verified.output),
      verified.output,
    );
    const refreshed = gateways.map(({ origin }) => client.refresh(origin, HONEST_KEY, tokens.refreshToken));
    checkStatuses(
      context,
      'refresh tokens under the old version are rejected',
      (await Promise.all(refreshed)).map(({ status }) => status),
      400,
    );
    await honest.untilAccepted();
    const observed = await honest.stop();
    context.measure({ name: 'requests of honest clients', value: observed.length, unit: '' });
    checkObserved(context, 'clients that exchange their API keys again never fail', observed, [200]);
  },
};

/** Returns a function that creates tokens for an API key with the keys in a file. */
async function createForger(file: string): Promise<() => Promise<string>> {
  const keyRing = await createKeyRing({ current: { file } });
  const issuer = createTokenIssuer({ keyRing, issuer: ISSUER });
  return async () => {
    const { token } = await issuer.issue({
      ...{ type: 'service', subject: 'honest', clientId: 'honest', audience: AUDIENCE },
      ...{ scope: ['read:documents'], lifetime: 3600, claims: {} },
    });
    return token;
  };
}

/** Returns the time of the last revocation in Redis: entries of its log begin with their time. */
async function readLastRevocation(redis: RedisServer): Promise<number> {
  const entries = await redis.command('XREVRANGE', '{passport-jwe}:revocations:log', '+', '-', 'COUNT', 1);
  return Number.parseInt(String([entries].flat(2)[0]), 10);
}
