import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createMemoryStores } from 'passport-jwe';
import type { CounterStore, Stores } from 'passport-jwe/stores';
import { TemporarilyUnavailableError } from '../../src/base/errors.js';
import { loadFiles } from '../support/api-key-files.js';
import { type AssertionApp, createAssertionApp } from '../support/assertion-app.js';
import { assertionFile, generateClientKey, jwksField, signAssertion } from '../support/client-keys.js';
import { describeOnDrivers } from '../support/drivers.js';
import { type JwksServer, startJwksServer } from '../support/jwks-server.js';
import { NOW } from '../support/tokens.js';

const billing = generateClientKey('billing-1');
const next = generateClientKey('billing-2');

const FILES = { 'billing.yaml': assertionFile('billing', jwksField(billing.publicJwk)) };

function countStatuses(answers: readonly { readonly status: number }[], status: number): number {
  return answers.filter((answer) => answer.status === status).length;
}

describeOnDrivers('a replayed assertion', (open) => {
  let stores: Stores;
  let instances: readonly AssertionApp[];

  beforeEach(async () => {
    stores = await open(() => NOW);
    const create = () => createAssertionApp(FILES, { shared: stores });
    instances = [await create(), await create()];
  });

  test('is rejected by a different instance', async () => {
    const assertion = await signAssertion('billing', billing);
    const statuses = [];
    for (const instance of instances) statuses.push((await instance.send(assertion)).status);

    expect(statuses).toEqual([200, 401]);
    expect(instances[1]?.lastReason()).toBe('assertion_replayed');
  });

  test('is accepted once if all requests are concurrent', async () => {
    const assertion = await signAssertion('billing', billing);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => instances.map((instance) => instance.send(assertion))).flat(),
    );

    expect([countStatuses(answers, 200), countStatuses(answers, 401)]).toEqual([1, 19]);
  });
});

describe('the store of used assertions', () => {
  const failing: CounterStore = {
    add: () => Promise.reject(new TemporarilyUnavailableError()),
    read: () => Promise.reject(new TemporarilyUnavailableError()),
  };

  test('causes a 503 while it is unavailable, which is no failed authentication', async () => {
    const server = await createAssertionApp(FILES, {
      stores: { counters: failing },
      throttle: { failuresPerMinute: 1 },
    });

    for (let count = 0; count < 3; count += 1) {
      const { status, body } = await server.send(await signAssertion('billing', billing));
      expect([status, body.error]).toEqual([503, 'temporarily_unavailable']);
    }
  });

  test('does not record an assertion with a wrong signature', async () => {
    const server = await createAssertionApp(FILES);
    const claims = { jti: 'guessed' };
    const forged = await signAssertion('billing', generateClientKey('billing-1'), { claims });

    expect((await server.send(forged)).status).toBe(401);
    expect((await server.send(await signAssertion('billing', billing, { claims }))).status).toBe(200);
  });

  test('does not record an assertion of an inactive client', async () => {
    const names: string[] = [];
    const counters: CounterStore = {
      add: async ({ name }) => names.push(name),
      read: async () => 0,
    };
    const files = { 'billing.yaml': assertionFile('billing', jwksField(billing.publicJwk), 'active: false') };
    const server = await createAssertionApp(files, { stores: { counters } });

    expect((await server.send(await signAssertion('billing', billing))).status).toBe(401);
    expect([server.lastReason(), names]).toEqual(['inactive', []]);
  });

  test('keeps a use for a minute after the assertion has expired, for instances whose clocks differ', async () => {
    const times: number[] = [];
    const counters: CounterStore = {
      add: async ({ expiresAt }) => times.push(expiresAt),
      read: async () => 0,
    };
    const server = await createAssertionApp(FILES, { stores: { counters } });
    await server.send(await signAssertion('billing', billing, { claims: { exp: NOW + 10 } }));

    expect(times).toEqual([NOW + 10 + 5 + 60]);
  });

  test('keeps an assertion until it has expired for every instance', async () => {
    const server = await createAssertionApp(FILES);
    const assertion = await signAssertion('billing', billing);
    await server.send(assertion);
    server.setTime(NOW + 64);

    expect((await server.send(assertion)).status).toBe(401);
    expect(server.lastReason()).toBe('assertion_replayed');
    server.setTime(NOW + 65);
    await server.send(assertion);
    expect(server.lastReason()).toBe('assertion_expired');
  });
});

describe('an API key that cannot use assertions', () => {
  test('is rejected as expired', async () => {
    const expires = 'expires_at: "2029-12-31T00:00:00Z"';
    const files = { 'billing.yaml': assertionFile('billing', jwksField(billing.publicJwk), expires) };
    const server = await createAssertionApp(files);
    await server.send(await signAssertion('billing', billing));

    expect(server.lastReason()).toBe('expired');
  });

  test('is rejected if it has only a secret', async () => {
    const server = await createAssertionApp({
      'billing.yaml': assertionFile('billing', 'api_key: sk-billing'),
    });
    await server.send(await signAssertion('billing', billing));

    expect(server.lastReason()).toBe('assertion_not_allowed');
  });

  test('is not mistaken for a public client that refreshes', async () => {
    const files = {
      'billing.yaml': assertionFile('billing', jwksField(billing.publicJwk), 'refresh_tokens: public'),
    };
    const server = await createAssertionApp(files);
    const forged = await signAssertion('billing', generateClientKey('billing-1'));
    const refresh = { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'billing', device_id: 'd' };

    expect((await server.send(forged, refresh)).body.error).toBe('invalid_client');
  });
});

describe('an expired public key', () => {
  test('rejects the assertions that it verified before', async () => {
    const key = { ...billing.publicJwk, exp: NOW + 10 };
    const server = await createAssertionApp({ 'billing.yaml': assertionFile('billing', jwksField(key)) });

    expect((await server.send(await signAssertion('billing', billing))).status).toBe(200);
    server.setTime(NOW + 10);
    await server.send(await signAssertion('billing', billing));
    expect(server.lastReason()).toBe('assertion_expired_key');
  });
});

describe('the throttle', () => {
  test('counts assertions with a wrong signature, as it counts wrong API keys', async () => {
    const server = await createAssertionApp(FILES, { throttle: { failuresPerMinute: 2 } });
    const swapped = generateClientKey('billing-1');
    const statuses = [];
    for (let count = 0; count < 3; count += 1) {
      statuses.push((await server.send(await signAssertion('billing', swapped))).status);
    }

    expect(statuses).toEqual([401, 401, 429]);
  });

  test('does not count assertions without a guess', async () => {
    const server = await createAssertionApp(FILES, { throttle: { failuresPerMinute: 1 } });
    const replayed = await signAssertion('billing', billing);
    await server.send(replayed);
    const harmless = [
      replayed,
      await signAssertion('billing', next),
      await signAssertion('billing', billing, { claims: { exp: NOW - 60 } }),
      await signAssertion('unknown', billing),
      'x',
    ];
    for (const assertion of harmless) expect((await server.send(assertion)).status).toBe(401);

    expect((await server.send(await signAssertion('billing', billing))).status).toBe(200);
  });
});

describe('jwks_uri', () => {
  let jwks: JwksServer;
  let server: AssertionApp;

  beforeEach(async () => {
    jwks = await startJwksServer([billing.publicJwk]);
    const files = { 'billing.yaml': assertionFile('billing', `jwks_uri: ${jwks.url}`) };
    server = await createAssertionApp(files, { throttle: { failuresPerMinute: 1 } });
  });

  afterEach(() => jwks.stop());

  test('is loaded once for many assertions', async () => {
    for (let count = 0; count < 3; count += 1) {
      expect((await server.send(await signAssertion('billing', billing))).status).toBe(200);
    }
    expect(jwks.requests()).toBe(1);
  });

  test('is not requested for an assertion that is rejected anyway', async () => {
    await server.send(await signAssertion('billing', billing, { claims: { exp: NOW - 60 } }));
    await server.send(
      await signAssertion('billing', billing, { claims: { aud: 'https://other.example.com' } }),
    );

    expect(jwks.requests()).toBe(0);
  });

  test('that is unavailable causes a 503, which is no failed authentication', async () => {
    await jwks.stop();
    for (let count = 0; count < 3; count += 1) {
      const { status, body } = await server.send(await signAssertion('billing', billing));
      expect([status, body.error]).toEqual([503, 'temporarily_unavailable']);
    }
    await jwks.start();
    server.setTime(NOW + 5);

    expect((await server.send(await signAssertion('billing', billing))).status).toBe(200);
  });

  test('that is unavailable does not affect loaded keys', async () => {
    await server.send(await signAssertion('billing', billing));
    await jwks.stop();
    server.setTime(NOW + 40);

    expect((await server.send(await signAssertion('billing', billing))).status).toBe(200);
    await jwks.start();
  });

  test('that is unavailable does not affect loaded keys after a reload of the API key files', async () => {
    const files = { 'billing.yaml': assertionFile('billing', `jwks_uri: ${jwks.url}`) };
    let registry = await loadFiles(files);
    const apiKeys = { ...registry, get: (keyId: string) => registry.get(keyId) };
    server = await createAssertionApp(files, { apiKeys });
    await server.send(await signAssertion('billing', billing));
    await jwks.stop();
    registry = await loadFiles(files);

    expect((await server.send(await signAssertion('billing', billing))).status).toBe(200);
    await jwks.start();
  });

  test('can rotate its keys', async () => {
    await server.send(await signAssertion('billing', billing));
    jwks.publish([billing.publicJwk, next.publicJwk]);
    server.setTime(NOW + 30);
    expect((await server.send(await signAssertion('billing', next))).status).toBe(200);

    jwks.publish([next.publicJwk]);
    server.setTime(NOW + 630);
    const claims = { iat: NOW + 630, exp: NOW + 690 };
    expect((await server.send(await signAssertion('billing', next, { claims }))).status).toBe(200);
    await server.send(await signAssertion('billing', billing, { claims }));
    expect(server.lastReason()).toBe('assertion_unknown_key');
  });
});

describe('tokenRouter()', () => {
  test.each([
    ['jwks', jwksField(billing.publicJwk)],
    ['jwks_uri', 'jwks_uri: https://billing.example.com/jwks'],
  ])('requires stores.counters for an API key with %s', async (name, field) => {
    const files = { 'billing.yaml': assertionFile('billing', field) };

    await expect(createAssertionApp(files, { stores: {} })).rejects.toThrow('stores.families is required');
    const stores = createMemoryStores();
    await expect(createAssertionApp(files, { stores: { families: stores.families } })).rejects.toThrow(
      `tokenRouter: ${name} of the API key billing requires stores.counters`,
    );
  });

  test('issues no refresh tokens with stores.counters alone', async () => {
    const stores = createMemoryStores();
    const server = await createAssertionApp(FILES, { stores: { counters: stores.counters } });
    const { body } = await server.send(await signAssertion('billing', billing), { scope: 'offline_access' });

    expect(body.error).toBe('invalid_scope');
  });
});
