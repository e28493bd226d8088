import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createAuditTrail } from 'passport-jwe';
import { type Gateway, startGateway } from '../../examples/gateway/gateway.js';
import { readSettings } from '../../examples/gateway/settings.js';
import { getDocuments } from '../support/gateway-programs.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';

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
  let home = '';
  let redis: RedisServer;
  const running = new Set<Gateway>();

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'passport-jwe-changes-'));
    const limits = '{ requests_per_minute: 100000, requests_per_hour: 1000000 }';
    await writeFile(
      join(home, 'live.yaml'),
      `api_key: ${API_KEY}\nname: Live\ntype: api_call\npermissions: [read:documents]\nrate_limits: ${limits}\n`,
    );
    redis = await startRedis();
  });

  afterEach(async () => {
    for (const gateway of running) await gateway.close();
    running.clear();
    await redis.dispose();
    await rm(home, { recursive: true });
  });

  const startOne = async (step: Settings): Promise<Gateway> => {
    const shared = { PORT: '0', REDIS_URL: redis.url, API_KEYS_DIR: home, SHUTDOWN_DELAY_MS: '1' };
    const settings = readSettings({ ...shared, AUDIENCE: 'https://api.example.com', ...step });
    const gateway = await startGateway(settings, createAuditTrail({ sinks: [] }));
    running.add(gateway);
    return gateway;
  };

  const stop = async (gateway: Gateway): Promise<void> => {
    running.delete(gateway);
    await gateway.close();
  };

  test('rejects no valid access token and no valid refresh token at any step', async () => {
    const [first = {}, ...rest] = STEPS;
    const pair = [await startOne(first), await startOne(first)];
    const families = await Promise.all(pair.map(({ origin }) => requestTokens(origin, CLIENT)));
    const tokens = new Set(families.map(({ access }) => access));
    const statuses: number[] = [];
    const useAll = async (): Promise<void> => {
      for (const { origin } of pair) {
        for (const [index, { refresh }] of families.entries()) {
          const next = await requestTokens(origin, { grant_type: 'refresh_token', refresh_token: refresh });
          statuses.push(next.status);
          families[index] = next;
          tokens.add(next.access);
        }
      }
      for (const { origin } of pair)
        for (const token of tokens) statuses.push((await getDocuments(origin, token)).status);
    };
    await useAll();
    for (const step of rest) {
      for (const [index, gateway] of pair.entries()) {
        await stop(gateway);
        pair[index] = await startOne(step);
        await useAll();
      }
    }

    expect(statuses.length).toBeGreaterThan(100);
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  }, 120_000);

  test('rejects the tokens of the previous passphrase and issuer once they are removed', async () => {
    const old = await startOne(STEPS[0] ?? {});
    const { access, refresh } = await requestTokens(old.origin, CLIENT);
    const changed = await startOne(steps(NEW, undefined, { ISSUER: NEW_ISSUER }));
    const renamed = await startOne(steps(OLD, undefined, { ISSUER: NEW_ISSUER }));
    const parameters = { grant_type: 'refresh_token', refresh_token: refresh };

    expect((await getDocuments(changed.origin, access)).status).toBe(401);
    expect((await getDocuments(renamed.origin, access)).status).toBe(401);
    expect((await requestTokens(renamed.origin, parameters)).status).toBe(400);
  });
});
