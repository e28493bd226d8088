import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KeySource } from '../../../src/keys/key-source.js';
import { type VaultAuth, vaultKeySource } from '../../../src/keys/vault/vault-key-source.js';
import { keySet } from '../../support/key-sets.js';
import { startVaultServer, type VaultServer } from '../../support/vault-server.js';

/** Leases are of one second, which the clock of the server does not reach unless a test moves it. */
const LEASE = { ttlSeconds: 1, maxTtlSeconds: 100 };
const ROLE = { roleId: 'role', secretId: 'secret' };
const LOGIN = 'POST auth/approle/login';
const RENEW = 'POST auth/token/renew-self';
const LOOKUP = 'GET auth/token/lookup-self';
const READ = 'GET secret/data/jwe';

let server: VaultServer;
const sources: KeySource[] = [];

beforeEach(async () => {
  server = await startVaultServer();
  server.write('jwe', { jwks: JSON.stringify(keySet(1)) });
});

afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.close?.()));
  await server.close();
});

async function openSource(auth: VaultAuth): Promise<KeySource> {
  const source = vaultKeySource({ url: server.url, path: 'jwe', auth });
  sources.push(source);
  await source.load();
  return source;
}

describe('a token of AppRole', () => {
  test('is renewed ahead of its end, again and again', async () => {
    server.addRole({ ...ROLE, ...LEASE });
    const source = await openSource(ROLE);
    await server.untilRequested(RENEW, 1);
    server.advance(0.9);
    await server.untilRequested(RENEW, 2);
    server.advance(0.9);
    await source.load();

    expect(server.requests).toEqual([LOGIN, READ, RENEW, RENEW, READ]);
  });

  test('that cannot be renewed is replaced by a login ahead of its end', async () => {
    server.addRole({ ...ROLE, ...LEASE, renewable: false });
    await openSource(ROLE);
    await server.untilRequested(LOGIN, 2);

    expect(server.requests).not.toContain(RENEW);
    expect(server.hasToken('hvs.made-2')).toBe(true);
  });

  test('that nears its maximum is replaced by a login, and revoked', async () => {
    server.addRole({ ...ROLE, ttlSeconds: 1, maxTtlSeconds: 1.2 });
    await openSource(ROLE);
    server.advance(0.9);
    await server.untilRequested(LOGIN, 2);
    await server.untilRequested('POST auth/token/revoke-self', 1);

    expect(server.requests.filter((request) => request === RENEW)).toHaveLength(1);
    expect(server.hasToken('hvs.made-1')).toBe(false);
  });

  test('that was revoked by others is replaced by a login', async () => {
    server.addRole({ ...ROLE, ...LEASE });
    const source = await openSource(ROLE);
    server.advance(2);
    await server.untilRequested(LOGIN, 2);
    await source.load();

    expect(server.requests.filter((request) => request === LOGIN)).toHaveLength(2);
  });

  test('outlives an outage that is shorter than what is left of it', async () => {
    server.addRole({ ...ROLE, ...LEASE });
    const source = await openSource(ROLE);
    server.setState('sealed');
    await server.untilRequested(RENEW, 2);
    server.setState('active');
    await server.untilRequested(RENEW, 3);
    await source.load();

    expect(server.requests.filter((request) => request === LOGIN)).toHaveLength(1);
  });

  test('is not renewed any more once the source is closed, nor one that was given', async () => {
    server.addRole({ ...ROLE, ...LEASE });
    server.addToken('hvs.given', LEASE);
    server.addToken('hvs.other', LEASE);
    const closed = [await openSource(ROLE), await openSource({ token: 'hvs.given' })];
    await openSource({ token: 'hvs.other' });
    for (const source of closed) await source.close?.();
    await server.untilRequested(RENEW, 2); // both of the other

    expect(server.tokensOf(RENEW)).toEqual(['hvs.other', 'hvs.other']);
  });
});

describe('a token that was given', () => {
  test('is looked up, and renewed ahead of its end', async () => {
    server.addToken('hvs.given', LEASE);
    const source = await openSource({ token: 'hvs.given' });
    await server.untilRequested(RENEW, 1);
    server.advance(0.9);
    await server.untilRequested(RENEW, 2);
    server.advance(0.9);

    expect(await source.load()).toEqual(keySet(1));
    expect(server.requests).toEqual([LOOKUP, READ, RENEW, RENEW, READ]);
  });

  test.each([
    ['sealed', /the server is sealed/],
    ['standby', /redirects/],
  ] as const)('is looked up again after its server was %s', async (state, message) => {
    server.addToken('hvs.given', LEASE);
    const source = vaultKeySource({ url: server.url, path: 'jwe', auth: { token: 'hvs.given' } });
    sources.push(source);
    server.setState(state);
    await expect(source.load()).rejects.toThrow(message);
    server.setState('active');
    await source.load();
    await server.untilRequested(RENEW, 1);

    expect(server.hasToken('hvs.given')).toBe(true);
  });

  test.each([
    ['has no end', { ttlSeconds: 0 }],
    ['cannot be renewed', { ...LEASE, renewable: false }],
    ['may not look at itself', { ...LEASE, bare: true }],
  ])('is left alone where it %s', async (_what, grant) => {
    server.addToken('hvs.given', grant);
    server.addToken('hvs.other', LEASE);
    await openSource({ token: 'hvs.given' });
    await openSource({ token: 'hvs.other' });
    await server.untilRequested(RENEW, 2); // both of the other

    expect(server.tokensOf(RENEW)).toEqual(['hvs.other', 'hvs.other']);
  });
});
