import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { type GatewayProgram, getDocuments, setUpGatewayPrograms } from '../support/gateway-programs.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';

const { directory, startAndWait } = setUpGatewayPrograms();

const API_KEY = 'sk-live-0123456789abcdef';
const OLD = { passphrase: 'correct horse battery staple', salt: 'an-old-salt-of-22-bytes' };
const NEW = { passphrase: 'incorrect mule charger paperclip', salt: 'a-new-salt-of-22-bytes!' };
const OLD_ISSUER = 'https://old.example.com';
const NEW_ISSUER = 'https://new.example.com';

type Settings = Readonly<Record<string, string>>;

/** Settings of each step. In the first step, all instances accept the new values before one of them uses these. */
const STEPS: readonly Settings[] = [
  steps(OLD, undefined, { ISSUER: OLD_ISSUER }),
  steps(OLD, NEW, { ISSUER: OLD_ISSUER, PREVIOUS_ISSUERS: NEW_ISSUER }),
  steps(NEW, OLD, { ISSUER: NEW_ISSUER, PREVIOUS_ISSUERS: OLD_ISSUER }),
];

function steps(current: typeof OLD, second: typeof OLD | undefined, issuers: Settings): Settings {
  const previous = second && {
    JWE_PREVIOUS_PASSPHRASE: second.passphrase,
    JWE_PREVIOUS_SALT: second.salt,
  };
  return { JWE_PASSPHRASE: current.passphrase, JWE_SALT: current.salt, ...previous, ...issuers };
}

async function requestTokens(origin: string, parameters: Settings) {
  const answer = await fetch(`${origin}/oauth/token`, {
    method: 'POST',
    headers: { 'X-API-Key': API_KEY },
    body: new URLSearchParams(parameters),
  });
  const { access_token: access, refresh_token: refresh } = JSON.parse(await answer.text());
  return { status: answer.status, access: String(access), refresh: String(refresh) };
}

const CLIENT = { grant_type: 'client_credentials', scope: 'read:documents offline_access' };

describeWithRedis('a pair of gateways that changes passphrase, salt and issuer', () => {
  let redis: RedisServer;

  const startPair = async (shared: Settings) => {
    const apiKeys = join(directory(), 'api-keys');
    await mkdir(apiKeys, { recursive: true });
    await writeFile(
      join(apiKeys, 'live.yaml'),
      `api_key: ${API_KEY}\nname: Live\ntype: api_call\npermissions: [read:documents]\nrate_limits: { requests_per_minute: 100000 }\n`,
    );
    redis = await startRedis();
    const startOne = (step: Settings) =>
      startAndWait({
        ...{ REDIS_URL: redis.url, API_KEYS_DIR: apiKeys, SHUTDOWN_DELAY_MS: '1' },
        ...{ AUDIENCE: 'https://api.example.com', ...shared, ...step },
      });
    return startOne;
  };

  test('rejects no valid access token and no valid refresh token at any step', async () => {
    const startOne = await startPair({});
    try {
      const [first = {}, ...rest] = STEPS;
      const pair: GatewayProgram[] = [await startOne(first), await startOne(first)];
      const tokens = new Set<string>();
      const families = await Promise.all(pair.map(({ origin }) => requestTokens(origin, CLIENT)));
      const statuses: number[] = [];
      const useAll = async (): Promise<void> => {
        for (const [index, family] of families.entries()) {
          tokens.add(family.access);
          // The other instance refreshes, so each one reads the refresh tokens of the other.
          const { origin = '' } = pair[(index + tokens.size) % pair.length] ?? {};
          const next = await requestTokens(origin, {
            grant_type: 'refresh_token',
            refresh_token: family.refresh,
          });
          statuses.push(next.status);
          families[index] = next;
          tokens.add(next.access);
        }
        for (const { origin } of pair)
          for (const token of tokens) statuses.push((await getDocuments(origin, token)).status);
      };
      await useAll();
      for (const step of rest) {
        for (const index of pair.keys()) {
          const { program } = pair[index] ?? {};
          program?.process.kill('SIGTERM');
          expect(await program?.ended).toBe(0);
          pair[index] = await startOne(step);
          await useAll();
        }
      }

      expect(statuses.length).toBeGreaterThan(50);
      expect(statuses.filter((status) => status !== 200)).toEqual([]);
    } finally {
      await redis.dispose();
    }
  });

  test('rejects the tokens of the previous passphrase and issuer once they are removed', async () => {
    const startOne = await startPair({});
    try {
      const old = await startOne(STEPS[0] ?? {});
      const { access, refresh } = await requestTokens(old.origin, CLIENT);
      const changed = await startOne(steps(NEW, undefined, { ISSUER: NEW_ISSUER }));
      const renamed = await startOne(steps(OLD, undefined, { ISSUER: NEW_ISSUER }));
      const parameters = { grant_type: 'refresh_token', refresh_token: refresh };

      expect((await getDocuments(changed.origin, access)).status).toBe(401);
      expect((await getDocuments(renamed.origin, access)).status).toBe(401);
      expect((await requestTokens(renamed.origin, parameters)).status).toBe(400);
    } finally {
      await redis.dispose();
    }
  });
});
