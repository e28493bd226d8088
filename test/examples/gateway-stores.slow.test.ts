import { afterEach, describe, expect, test } from '@jest/globals';
import { createBoundClient } from '../support/bound-client.js';
import { exchange, getDocuments, revoke, setUpGatewayPrograms } from '../support/gateway-programs.js';
import { findFreePort } from '../support/processes.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';

const { start, startAndWait, readDemoApiKey } = setUpGatewayPrograms();

const SERVICE = { ISSUER: 'https://gateway.example.com', AUDIENCE: 'https://gateway.example.com' };
const SHARED = { ...SERVICE, JWE_PASSPHRASE: 'correct horse battery staple', JWE_SALT: 'b2f6c1d09e3a4875' };

async function statusOf(answer: Promise<Response>): Promise<number> {
  return (await answer).status;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('the gateway on its embedded store', () => {
  test('rejects a revoked token although it was killed right after the revocation', async () => {
    const first = await startAndWait(SERVICE);
    const apiKey = await readDemoApiKey();
    const [revoked, other] = [await exchange(first.origin, apiKey), await exchange(first.origin, apiKey)];
    expect(await statusOf(revoke(first.origin, apiKey, revoked))).toBe(200);
    first.program.process.kill('SIGKILL');
    await first.program.ended;
    const second = await startAndWait(SERVICE);

    expect(await statusOf(getDocuments(second.origin, revoked))).toBe(401);
    expect(await statusOf(getDocuments(second.origin, other))).toBe(200);
  });

  test('shares it with the other processes of the machine', async () => {
    const [one, other] = await Promise.all([startAndWait(SERVICE), startAndWait(SERVICE)]);
    const apiKey = await readDemoApiKey();
    const token = await exchange(one.origin, apiKey);
    expect(await statusOf(getDocuments(other.origin, token))).toBe(200);
    await revoke(one.origin, apiKey, token);

    expect(await statusOf(getDocuments(other.origin, token))).toBe(401);
  });
});

describe('the gateway with REDIS_URL', () => {
  test('exits with an error if Redis does not answer', async () => {
    const REDIS_URL = `redis://:canary@127.0.0.1:${await findFreePort()}`;
    const { program } = await start({ ...SHARED, REDIS_URL });

    expect(await program.ended).toBe(1);
    expect(program.output()).toMatch(/cannot use Redis at 127\.0\.0\.1:\d+: /);
    expect(program.output()).not.toContain('canary');
  });
});

describeWithRedis('the gateway with a Redis', () => {
  let redis: RedisServer | undefined;

  afterEach(() => redis?.dispose());

  test('shares revocations with every other instance, and is ready while its replica is fresh', async () => {
    redis = await startRedis();
    const environment = { ...SHARED, REDIS_URL: redis.url };
    const [one, other] = await Promise.all([startAndWait(environment), startAndWait(environment)]);
    const apiKey = await readDemoApiKey();
    const [revoked, good] = [await exchange(one.origin, apiKey), await exchange(one.origin, apiKey)];
    await revoke(one.origin, apiKey, revoked);

    await until(async () => (await statusOf(getDocuments(other.origin, revoked))) === 401);
    expect(await statusOf(getDocuments(other.origin, good))).toBe(200);
    expect(await statusOf(fetch(`${other.origin}/readyz`))).toBe(200);

    await redis.kill();
    expect(await statusOf(revoke(other.origin, apiKey, good))).toBe(503);
    await until(async () => (await statusOf(fetch(`${other.origin}/readyz`))) === 503);
    expect(await statusOf(getDocuments(other.origin, good))).toBe(503);
    expect(await statusOf(fetch(`${other.origin}/healthz`))).toBe(200);
    expect(other.program.output()).toContain('store.unreachable');
  });

  test('accepts a DPoP proof once in all instances', async () => {
    redis = await startRedis();
    const environment = { ...SHARED, REDIS_URL: redis.url };
    const [one, other] = await Promise.all([startAndWait(environment), startAndWait(environment)]);
    const client = await createBoundClient(one.origin, SERVICE.ISSUER);
    const token = await client.tokenOf(await readDemoApiKey());
    const headers = { Authorization: `DPoP ${token}`, DPoP: await client.prove('GET', '/documents', token) };
    const uses = [one, other].map(({ origin }) => statusOf(fetch(`${origin}/documents`, { headers })));

    expect((await Promise.all(uses)).sort()).toEqual([200, 401]);
  });
});
