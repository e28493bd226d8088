import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  createKeyRing,
  createRevocations,
  InvalidTokenError,
  type Revocations,
  type TokenVerifier,
  type WatchedApiKeys,
  watchApiKeys,
} from 'passport-jwe';
import { generateApiKey } from 'passport-jwe/api-keys';
import { openRedisStores } from 'passport-jwe/redis';
import type { Stores } from 'passport-jwe/stores';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { createKeyDirectory, type KeyDirectory } from '../support/key-directory.js';
import { describeWithRedis, type RedisServer, startRedis } from '../support/redis.js';
import { AUDIENCE, ISSUER, secretOf } from '../support/tokens.js';

const FILE = `api_key: ${generateApiKey()}\nkey_id: demo\nname: Demo\ntype: api_call\nrate_limits: {}\n`;

/** One of several instances on one Redis. */
interface Instance {
  readonly stores: Stores;
  readonly revocations: Revocations;
}

let redis: RedisServer;
let directory: KeyDirectory;
const instances: Instance[] = [];
const watched: WatchedApiKeys[] = [];

beforeAll(async () => {
  redis = await startRedis();
  directory = await createKeyDirectory({ 'demo.yaml': FILE });
});

afterAll(async () => {
  for (const apiKeys of watched) apiKeys.close();
  await Promise.all(instances.map(({ stores }) => stores.close()));
  await redis.dispose();
  await directory.dispose();
});

async function startInstance(): Promise<Instance> {
  const stores = await openRedisStores({ url: redis.url });
  const instance = { stores, revocations: createRevocations({ stores }) };
  instances.push(instance);
  return instance;
}

async function follow(revocations: Revocations): Promise<WatchedApiKeys> {
  const apiKeys = await watchApiKeys({ directory: directory.path, revocations, sighup: false });
  watched.push(apiKeys);
  return apiKeys;
}

/** Milliseconds until a service refuses the token. */
async function untilRefused(service: TokenVerifier, token: string): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const refusal = await service.verify(token).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (refusal instanceof InvalidTokenError) return performance.now() - startedAt;
    if (refusal !== undefined) throw refusal;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describeWithRedis('a key that is deactivated in its file', () => {
  test('has its tokens rejected within a second by all processes that share the files or the revocations', async () => {
    const [issuer, other, resourceServer] = [
      await startInstance(),
      await startInstance(),
      await startInstance(),
    ];
    const apiKeys = [await follow(issuer.revocations), await follow(other.revocations)];
    const service = {
      keyRing: await createKeyRing({ current: { secret: secretOf(1) } }),
      issuer: ISSUER,
      audience: AUDIENCE,
    };
    const services = [
      ...apiKeys.map((keys) => createIssuerAndVerifier({ ...service, apiKeys: keys })),
      createIssuerAndVerifier({ ...service, revocations: resourceServer.revocations }),
    ];
    const { token } = await createIssuerAndVerifier(service).issue({
      type: 'service',
      subject: 'demo',
      clientId: 'demo',
      audience: AUDIENCE,
      scope: [],
      lifetime: 600,
      claims: {},
    });
    for (const each of services) expect((await each.verify(token)).claims.client_id).toBe('demo');
    await directory.put('demo.yaml', `${FILE}active: false\n`);
    const delays = await Promise.all(services.map((each) => untilRefused(each, token)));

    expect(Math.max(...delays)).toBeLessThan(1000);
  });
});
