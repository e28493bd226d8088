import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Drill } from './drill.js';
import { addressesIn, GatewayClient } from './gateway-client.js';
import { describeApiKey, HONEST_FILE, Load } from './load.js';
import { CUT_OFF_MS, checkCutOff, checkLoad } from './report-drill.js';
import { CutOffWatch } from './watch-cut-off.js';

const KEY_ID = 'leaked';
const LEAKED_KEY = 'sk-leaked-0123456789abcdef';
const FILE = `${KEY_ID}.yaml`;

/** An attacker exchanges a leaked API key and uses its tokens, until the operator deactivates it. */
export const leakedApiKeyDrill: Drill = {
  name: 'leaked-api-key',
  runbook: 'leaked-api-key',
  summary: 'deactivates an API key under attack, revokes its tokens, and replaces its secret',
  async run(context) {
    const apiKeys = { 'honest.yaml': HONEST_FILE, [FILE]: describeApiKey(KEY_ID, LEAKED_KEY) };
    const { gateways, environment, ...cluster } = await context.startCluster({ apiKeys });
    const attacker = new GatewayClient(addressesIn('203.0.113'));
    const load = await Load.start(cluster);
    const session = { scope: 'read:documents offline_access' };
    const stolen = await Promise.all(
      gateways.map(({ origin }) => attacker.exchange(origin, LEAKED_KEY, session)),
    );
    const watch = new CutOffWatch(
      gateways.flatMap(({ origin }, index) => [
        {
          name: `exchange at gateway ${index + 1}`,
          send: () => attacker.exchange(origin, LEAKED_KEY),
        },
        {
          name: `token at gateway ${index + 1}`,
          send: () => attacker.getDocuments(origin, stolen[index]?.accessToken ?? ''),
        },
      ]),
    );
    await watch.untilAccepted();

    const LEAKED_TOKEN = stolen[0]?.accessToken ?? '';
    const variables = { ...environment, KEY_ID, LEAKED_KEY, LEAKED_TOKEN };
    const { startedAt } = await context.runBlock('deactivate-api-key', variables);
    const changedAt = (await stat(join(environment['API_KEYS_DIR'] ?? '', FILE))).ctimeMs;
    checkCutOff(context, await watch.untilRejected(), {
      ...{ startedAt, changedAt, afterCommandMs: CUT_OFF_MS },
    });
    await context.runBlock('revoke-api-key', variables);
    const refreshed = await Promise.all(
      gateways.map(({ origin }, index) =>
        attacker.refresh(origin, LEAKED_KEY, stolen[index]?.refreshToken ?? ''),
      ),
    );
    context.check(
      'refresh tokens of the leaked key are rejected',
      refreshed.every(({ status }) => status === 401),
      refreshed.map(({ status }) => status).join(' '),
    );
    for (const block of ['verify-api-key', 'verify-leaked-token']) {
      const { output } = await context.runBlock(block, variables);
      const isRejected = /^(\S+ 401\n){2}$/.test(output);
      context.check(`the block ${block} prints 401 for both gateways`, isRejected, output);
    }

    await context.runBlock('replace-secret', variables);
    await checkReplacement();
    checkLoad(context, await load.stop());

    /** Checks that the new secret works once the gateways have read it, and that the leaked secret does not. */
    async function checkReplacement(): Promise<void> {
      const { output: secret } = await context.runBlock('verify-new-secret', variables);
      context.check('the new secret works at both gateways', /^(\S+ 200\n){2}$/.test(secret), secret);
      const answers = await Promise.all(gateways.map(({ origin }) => attacker.exchange(origin, LEAKED_KEY)));
      const uses = gateways.flatMap(({ origin }) =>
        stolen.map(({ accessToken = '' }) => attacker.getDocuments(origin, accessToken)),
      );
      const statuses = [...answers, ...(await Promise.all(uses))].map(({ status }) => status);
      context.check(
        'the leaked secret and its tokens are still rejected after the replacement',
        statuses.every((status) => status === 401),
        statuses.join(' '),
      );
    }
  },
};
