import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createAuditTrail } from 'passport-jwe';
import { type Gateway, startGateway } from '../../examples/gateway/gateway.js';
import { readSettings } from '../../examples/gateway/settings.js';
import { type CertificateAuthority, createCertificateAuthority } from '../support/certificate-authority.js';
import { exchange, getDocuments, revoke } from '../support/gateway-programs.js';
import { findFreePort } from '../support/processes.js';
import { describeWithRedis, type RedisServer, startRedis, startRedisCluster } from '../support/redis.js';
import { untilAccepting } from '../support/until-accepting.js';

let home = '';
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'passport-jwe-gateway-redis-'));
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await rm(home, { recursive: true });
});

function keep(server: RedisServer): RedisServer {
  closing.push(() => server.dispose());
  return server;
}

async function start(settings: Readonly<Record<string, string>>): Promise<Gateway> {
  const gateway = await startGateway(
    readSettings({
      ...{ PORT: '0', DATA_DIR: join(home, 'data'), SHUTDOWN_DELAY_MS: '1' },
      ...{ ISSUER: 'https://gateway.example.com', AUDIENCE: 'https://gateway.example.com' },
      ...{ JWE_PASSPHRASE: 'correct horse battery staple', JWE_SALT: 'a-salt-of-twenty-two-b' },
      ...settings,
    }),
    createAuditTrail({ sinks: [] }),
  );
  closing.push(() => gateway.close());
  return gateway;
}

/** Starts two instances, revokes a token on the first one, and returns the status of the token on the second one. */
async function statusAfterRevocation(settings: Readonly<Record<string, string>>): Promise<number> {
  const [one, other] = [await start(settings), await start(settings)];
  const apiKey = one.demoApiKey ?? '';
  const token = await exchange(one.origin, apiKey);
  expect((await getDocuments(other.origin, token)).status).toBe(200);
  await revoke(one.origin, apiKey, token);
  const revokedAt = performance.now();
  let { status } = await getDocuments(other.origin, token);
  while (status === 200 && performance.now() - revokedAt < 5000) {
    ({ status } = await getDocuments(other.origin, token));
  }
  return status;
}

async function startTlsRedis(
  authority: CertificateAuthority,
  more: readonly string[] = [],
): Promise<{ readonly port: number; readonly plain: RedisServer }> {
  const { certFile, keyFile } = await authority.issue();
  const port = await findFreePort();
  const tls = ['--tls-port', String(port), '--tls-cert-file', certFile, '--tls-key-file', keyFile];
  const plain = await startRedis(['--save', '', ...tls, '--tls-auth-clients', 'no', ...more]);
  return { port, plain: keep(plain) };
}

/** Starts a Sentinel that watches a primary under the name `gateway`. */
async function startSentinel(primary: RedisServer, password: string): Promise<number> {
  const port = await findFreePort();
  const file = join(home, 'sentinel.conf');
  await writeFile(
    file,
    `port ${port}\nbind 127.0.0.1\ndir ${home}\nrequirepass ${password}\nsentinel monitor gateway 127.0.0.1 ${primary.port} 1\n`,
  );
  const sentinel = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  closing.push(async () => {
    const ended = once(sentinel, 'exit');
    sentinel.kill('SIGKILL');
    await ended;
  });
  await untilAccepting(port, sentinel);
  return port;
}

describeWithRedis('gateways that share a Redis', () => {
  test('use a Redis Cluster', async () => {
    const nodes = await startRedisCluster();
    for (const node of nodes) keep(node);
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');

    expect(await statusAfterRevocation({ REDIS_CLUSTER_NODES: addresses })).toBe(401);
  });

  test('find the primary by Sentinels', async () => {
    const primary = keep(await startRedis());
    const port = await startSentinel(primary, 'sentinel-password');
    const settings = {
      ...{ REDIS_SENTINELS: `127.0.0.1:${port}`, REDIS_SENTINEL_NAME: 'gateway' },
      REDIS_SENTINEL_PASSWORD: 'sentinel-password',
    };

    expect(await statusAfterRevocation(settings)).toBe(401);
  });

  test('authenticate with REDIS_USERNAME and REDIS_PASSWORD', async () => {
    const redis = keep(await startRedis());
    await redis.command('ACL', 'SETUSER', 'gateway', 'on', '>gateway-password', '~*', '&*', '+@all');
    await redis.command('ACL', 'SETUSER', 'default', 'off');
    const settings = { REDIS_URL: redis.url, REDIS_USERNAME: 'gateway' };

    await expect(start({ ...settings, REDIS_PASSWORD: 'wrong' })).rejects.toThrow('cannot use Redis');
    expect(await statusAfterRevocation({ ...settings, REDIS_PASSWORD: 'gateway-password' })).toBe(401);
  });

  test('connect by TLS and trust only the authority in REDIS_TLS_CA_FILE', async () => {
    const authority = await createCertificateAuthority();
    closing.push(() => authority.dispose());
    const { port } = await startTlsRedis(authority);
    const url = `rediss://127.0.0.1:${port}`;

    await expect(start({ REDIS_URL: url })).rejects.toThrow('cannot use Redis');
    expect(await statusAfterRevocation({ REDIS_URL: url, REDIS_TLS_CA_FILE: authority.caFile })).toBe(401);
  });

  test('connect by TLS to a redis URL with REDIS_TLS', async () => {
    const authority = await createCertificateAuthority();
    closing.push(() => authority.dispose());
    const { port } = await startTlsRedis(authority);
    const tls = { REDIS_TLS: 'true', REDIS_TLS_CA_FILE: authority.caFile };

    expect(await statusAfterRevocation({ REDIS_URL: `redis://127.0.0.1:${port}`, ...tls })).toBe(401);
  });

  test('name REDIS_TLS_CA_FILE if it cannot be read', async () => {
    const tls = { REDIS_URL: 'rediss://127.0.0.1:1', REDIS_TLS_CA_FILE: join(home, 'missing.pem') };

    await expect(start(tls)).rejects.toThrow('REDIS_TLS_CA_FILE cannot be read');
  });

  test('write only keys with REDIS_PREFIX', async () => {
    const redis = keep(await startRedis());
    await statusAfterRevocation({ REDIS_URL: redis.url, REDIS_PREFIX: 'team-a' });
    const client = new Redis(redis.url);
    const keys = await client.keys('*');
    client.disconnect();

    expect(keys.length).toBeGreaterThan(0);
    expect(keys.filter((key) => !/^\{?team-a/.test(key))).toEqual([]);
  });

  test.each([
    ['deny', 503],
    ['allow', 200],
    ['local:0.5', 200],
  ])('answer requests as ON_STORE_FAILURE=%s after Redis is lost: %i', async (policy, expected) => {
    const redis = keep(await startRedis());
    const gateway = await start({
      ...{ REDIS_URL: redis.url, ON_STORE_FAILURE: policy },
      REDIS_MAX_REPLICA_AGE_SECONDS: '600',
    });
    const token = await exchange(gateway.origin, gateway.demoApiKey ?? '');
    await redis.kill();

    expect((await getDocuments(gateway.origin, token)).status).toBe(expected);
  });
});
