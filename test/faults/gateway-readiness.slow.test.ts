import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createSteadyClock } from 'passport-jwe';
import { openRedisStores } from 'passport-jwe/redis';
import { PASSED } from '../../examples/gateway/health/finding.js';
import { openHealth } from '../../examples/gateway/health/open-health.js';
import { createLogger } from '../../examples/gateway/observability/request-log.js';
import { type ModelGateway, modelKey, startModelGateway } from '../support/model-gateway.js';
import { findFreePort } from '../support/processes.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';
import { describeWithDisks, mountSmallDisk } from '../support/small-disk.js';

/** Probes while the fault lasts: about three intervals of the health checks. */
const PROBES = 150;

const disposals: (() => unknown)[] = [];

afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

interface WatchedGateway extends ModelGateway {
  /** Log lines of a check so far. */
  logOf(check: string): readonly Readonly<Record<string, unknown>>[];
  readiness(query?: string): Promise<{ readonly status: number; readonly text: string }>;
}

async function startWatched(environment: Readonly<Record<string, string>>): Promise<WatchedGateway> {
  const lines: Readonly<Record<string, unknown>>[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  const gateway = await startModelGateway({
    keys: { demo: modelKey(['{ name: echo-1, endpoint: "echo:" }']) },
    environment,
    observers: { logger: createLogger(destination) },
  });
  disposals.push(() => gateway.close());
  return {
    ...gateway,
    logOf: (check) => lines.filter((line) => line['check'] === check),
    async readiness(query = '') {
      const answer = await fetch(`${gateway.origin}/readyz${query}`);
      return { status: answer.status, text: await answer.text() };
    },
  };
}

function startWithRedis({ url }: RedisServer): Promise<WatchedGateway> {
  return startWatched({
    REDIS_URL: url,
    ...{ JWE_PASSPHRASE: 'correct horse battery staple', JWE_SALT: 'b2f6c1d09e3a4875' },
    ...{ ISSUER: 'https://gateway.example.com', AUDIENCE: 'https://gateway.example.com' },
  });
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(20);
}

async function setUpRedis(): Promise<{ readonly redis: RedisServer; readonly admin: Redis }> {
  const redis = await startRedis();
  disposals.push(() => redis.dispose());
  const admin = new Redis(redis.url);
  admin.on('error', () => undefined);
  disposals.push(() => admin.disconnect());
  return { redis, admin };
}

interface Fault {
  readonly reason: string;
  begin(redis: RedisServer, admin: Redis): Promise<unknown>;
  end(redis: RedisServer, admin: Redis): Promise<unknown>;
}

const FAULTS: readonly (readonly [name: string, fault: Fault])[] = [
  [
    'without memory',
    {
      reason: 'out_of_memory',
      begin: (_redis, admin) => admin.config('SET', 'maxmemory', '1'),
      end: (_redis, admin) => admin.config('SET', 'maxmemory', '0'),
    },
  ],
  [
    'that became a replica',
    {
      reason: 'read_only',
      begin: async (_redis, admin) => admin.replicaof('127.0.0.1', await findFreePort()),
      end: (_redis, admin) => admin.replicaof('NO', 'ONE'),
    },
  ],
  [
    'that cannot save its data',
    {
      reason: 'persistence_failed',
      async begin(_redis, admin) {
        const directory = String([await admin.config('GET', 'dir')].flat()[1]);
        await admin.config('SET', 'save', '3600 1');
        await rm(directory, { recursive: true });
        await admin.bgsave();
        await until(async () => (await admin.info('persistence')).includes('rdb_last_bgsave_status:err'));
        await mkdir(directory);
      },
      end: (_redis, admin) => admin.config('SET', 'save', ''),
    },
  ],
  [
    'without the required replicas',
    {
      reason: 'too_few_replicas',
      begin: (_redis, admin) => admin.config('SET', 'min-replicas-to-write', '1'),
      end: (_redis, admin) => admin.config('SET', 'min-replicas-to-write', '0'),
    },
  ],
  [
    'with a new password',
    {
      reason: 'authentication_failed',
      async begin(_redis, admin) {
        await admin.config('SET', 'requirepass', 'changed');
        await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
      },
      end: (_redis, admin) => admin.config('SET', 'requirepass', ''),
    },
  ],
  [
    'that is stopped',
    {
      reason: 'timeout',
      begin: async (redis) => redis.signal('SIGSTOP'),
      end: async (redis) => redis.signal('SIGCONT'),
    },
  ],
  [
    'that was killed',
    { reason: 'connection_refused', begin: (redis) => redis.kill(), end: (redis) => redis.start() },
  ],
];

describeWithRedis('a gateway with a Redis', () => {
  test.each(FAULTS)('%s is not ready, logs the cause once, and recovers', async (_name, fault) => {
    const { redis, admin } = await setUpRedis();
    const gateway = await startWithRedis(redis);
    expect(JSON.parse((await gateway.readiness()).text)).toEqual({
      status: 'ok',
      checks: { stores: true, revocations: true, keys: true, clock: true, accepting: true },
    });

    await fault.begin(redis, admin);
    await until(async () => (await gateway.readiness()).text.includes(fault.reason));
    for (let probe = 0; probe < PROBES; probe += 1) {
      const { status, text } = await gateway.readiness();
      expect([status, text]).toEqual([503, expect.stringContaining(fault.reason)]);
      expect(text).not.toMatch(/127\.0\.0\.1|redis:\/\//);
      await pause(20);
    }
    expect((await gateway.readiness('?exclude=stores,revocations')).status).toBe(200);
    await fault.end(redis, admin);
    await until(async () => (await gateway.readiness()).status === 200);
    await until(() => gateway.logOf('stores').some(({ duration_ms }) => duration_ms !== undefined));

    expect(gateway.logOf('stores').slice(-2)).toMatchObject([
      { level: 50, reason: fault.reason, advice: expect.any(String) },
      { level: 30, duration_ms: expect.any(Number) },
    ]);
    expect(gateway.logOf('stores').filter(({ reason }) => reason === fault.reason)).toHaveLength(1);
  });
});

describeWithRedis('the health of a gateway whose limits do not require Redis', () => {
  test('is degraded, not failed, while Redis rejects writes', async () => {
    const { redis, admin } = await setUpRedis();
    const stores = await openRedisStores({ url: redis.url });
    disposals.push(() => stores.close());
    const use = { isShared: true, onStoreFailure: { kind: 'allow' }, timeoutMs: undefined } as const;
    const parts = {
      stores,
      clock: createSteadyClock(),
      keySource: { read: () => PASSED },
      logger: undefined,
    };
    await admin.config('SET', 'maxmemory', '1');
    const health = await openHealth(use, parts);
    health.close();

    expect(health.read().get('stores')).toMatchObject({ state: 'degraded', reason: 'out_of_memory' });
  });
});

describeWithDisks('a gateway with the embedded store on a full disk', () => {
  test('stays ready with a warning, accepts tokens, and logs the cause once', async () => {
    const disk = mountSmallDisk(16_384);
    disposals.push(() => disk.dispose());
    const gateway = await startWatched({ DATA_DIR: join(disk.path, 'data') });
    const token = await gateway.tokenOf('demo');
    const models = () =>
      fetch(`${gateway.origin}/v1/models`, { headers: { Authorization: `Bearer ${token}` } });
    await disk.fill();
    const revocation = await fetch(`${gateway.origin}/oauth/revoke`, {
      method: 'POST',
      headers: { 'X-API-Key': 'sk-demo' },
      body: new URLSearchParams({ token }),
    });
    expect(revocation.status).toBe(503);
    await until(async () => (await gateway.readiness()).text.includes('disk_full'));

    const { status, text } = await gateway.readiness();
    expect([status, JSON.parse(text).warnings]).toEqual([
      200,
      [expect.stringMatching(/^stores \(disk_full\): /)],
    ]);
    expect((await models()).status).toBe(200);
    await disk.clear();
    await until(async () => !(await gateway.readiness()).text.includes('disk_full'));
    await until(() => gateway.logOf('stores').length > 1);
    expect(gateway.logOf('stores')).toMatchObject([{ level: 40, reason: 'disk_full' }, { level: 30 }]);
  });
});
