import { createSecretKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { deriveKid } from '../../../src/keys/derive-content-key.js';
import { rejectionOf } from '../../support/caught.js';
import { keySet } from '../../support/key-sets.js';
import {
  LOGIN,
  READ,
  ROLE,
  type StockedVault,
  startStockedVault,
  TOKEN,
} from '../../support/stocked-vault.js';
import { secretOf } from '../../support/tokens.js';
import { startVaultServer, type VaultServer } from '../../support/vault-server.js';

let server: VaultServer;
let openSource: StockedVault['openSource'];
let close: StockedVault['close'];

beforeEach(async () => {
  ({ server, openSource, close } = await startStockedVault());
});

afterEach(() => close());

function countOf(request: string): number {
  return server.requests.filter((other) => other === request).length;
}

describe('load', () => {
  test('loads a JWK Set from a string field', async () => {
    expect(await openSource().load()).toEqual(keySet(1, 2));
    expect(server.lastHeaders()).toMatchObject({ 'x-vault-token': TOKEN, 'x-vault-request': 'true' });
  });

  test('loads a JWK Set from an object field', async () => {
    server.write('apps/jwe', { ring: keySet(3) });

    expect(await openSource({ field: 'ring' }).load()).toEqual(keySet(3));
  });

  test('makes a JWK Set of a root secret', async () => {
    server.write('apps/jwe', { jwks: secretOf(4).toString('hex') });
    const kid = deriveKid(createSecretKey(secretOf(4)));

    expect((await openSource().load()).keys).toMatchObject([{ kty: 'oct', kid, key_ops: ['deriveKey'] }]);
  });

  test('names the namespace', async () => {
    const other = await startVaultServer({ namespace: 'team/payments' });
    other.addToken(TOKEN);
    other.write('apps/jwe', { jwks: JSON.stringify(keySet(1)) });
    const load = openSource({ url: other.url, namespace: 'team/payments' }).load();

    expect(await load.finally(() => other.close())).toEqual(keySet(1));
  });

  test('finds a path of any characters, and only that', async () => {
    server.write('a b?c=d#%2e', { jwks: JSON.stringify(keySet(5)) });

    expect(await openSource({ path: 'a b?c=d#%2e' }).load()).toEqual(keySet(5));
  });

  test.each(['', '/', '//'])('works behind a path of a proxy that ends in %j', async (ending) => {
    const answered: string[] = [];
    const recorder: typeof fetch = async (input) => {
      answered.push(String(input));
      return new Response('{}', { status: 404 });
    };
    const source = openSource({ url: `https://vault.example/proxied${ending}`, fetch: recorder });
    await rejectionOf(source.load());

    expect(answered.at(-1)).toBe('https://vault.example/proxied/v1/secret/data/apps/jwe');
  });
});

describe('a token', () => {
  test('from a function is asked for each time, and may end in a line break', async () => {
    server.addToken('hvs.first');
    server.addToken('hvs.second');
    const written = ['hvs.first\n', 'hvs.second\n'];
    const source = openSource({ auth: { token: async () => written.shift() ?? '' } });
    await source.load();
    await source.load();

    expect(server.lastHeaders()['x-vault-token']).toBe('hvs.second');
    expect(server.requests).toEqual([READ, READ]);
  });

  test('from a function is requested again if it is rejected', async () => {
    const written = ['hvs.outdated', TOKEN];
    const source = openSource({ auth: { token: () => written.shift() ?? '' } });

    expect(await source.load()).toEqual(keySet(1, 2));
  });

  test('from a function that returns the same token is not tried twice', async () => {
    await rejectionOf(openSource({ auth: { token: () => 'hvs.outdated' } }).load());

    expect(countOf(READ)).toBe(1);
  });

  test('that may not look at itself reads all the same', async () => {
    server.addToken('hvs.bare', { bare: true });

    expect(await openSource({ auth: { token: 'hvs.bare' } }).load()).toEqual(keySet(1, 2));
  });
});

describe('AppRole', () => {
  test('logs in once, however many wait', async () => {
    const source = openSource({ auth: ROLE });
    await Promise.all([source.load(), source.load(), source.load()]);
    await source.load();

    expect(countOf(LOGIN)).toBe(1);
  });

  test('reads the secret_id from a function, and the mount from its option', async () => {
    server.addRole({ ...ROLE, mount: 'ci/approle' });
    const auth = { ...ROLE, secretId: async () => `${ROLE.secretId}\n`, mount: 'ci/approle' };

    expect(await openSource({ auth }).load()).toEqual(keySet(1, 2));
    expect(server.requests[0]).toBe('POST auth/ci/approle/login');
  });

  test('logs in again once if the token is rejected', async () => {
    server.addRole({ ...ROLE, roleId: 'short', ttlSeconds: 3600 });
    const source = openSource({ auth: { ...ROLE, roleId: 'short' } });
    await source.load();
    server.advance(3600);

    expect(await source.load()).toEqual(keySet(1, 2));
    expect(countOf(LOGIN)).toBe(2);
  });

  test('does not log in repeatedly if the policy forbids the request', async () => {
    server.addRole({ ...ROLE, roleId: 'denied', denied: true });
    const refusal = await rejectionOf(openSource({ auth: { ...ROLE, roleId: 'denied' } }).load());

    expect(refusal).toMatchObject({ message: expect.stringContaining('status 403, permission denied') });
    expect([countOf(LOGIN), countOf(READ)]).toEqual([2, 2]);
  });

  test('revokes what it made when it is closed', async () => {
    const source = openSource({ auth: ROLE });
    await source.load();
    expect(server.hasToken('hvs.made-1')).toBe(true);
    await source.close?.();

    expect(server.hasToken('hvs.made-1')).toBe(false);
    await expect(source.load()).rejects.toThrow(/is closed: open a new key ring$/);
  });

  test('revokes what a login that is under way makes', async () => {
    const source = openSource({ auth: ROLE });
    const load = source.load();
    await server.untilRequested(LOGIN, 1);
    await source.close?.();
    await load.catch(() => undefined);

    expect(server.hasToken('hvs.made-1')).toBe(false);
  });
});

test('a token that was given is not revoked when the source is closed', async () => {
  const source = openSource();
  await source.load();
  await source.close?.();

  expect(server.hasToken(TOKEN)).toBe(true);
});

describe('replace', () => {
  test('writes the next set, and leaves the other fields alone', async () => {
    expect(await openSource().replace?.(keySet(1, 2), keySet(1, 2, 3))).toBe(true);
    expect(await openSource().load()).toEqual(keySet(1, 2, 3));
    expect(server.read('apps/jwe')).toMatchObject({ owner: 'platform', jwks: expect.any(String) });
  });

  test('leaves an object an object', async () => {
    server.write('apps/jwe', { jwks: keySet(1) });
    await openSource().replace?.(keySet(1), keySet(2));

    expect(server.read('apps/jwe')).toEqual({ jwks: keySet(2) });
  });

  test('writes nothing if the source holds another set', async () => {
    expect(await openSource().replace?.(keySet(1), keySet(3))).toBe(false);
    expect(await openSource().load()).toEqual(keySet(1, 2));
  });

  test('does not overwrite a concurrent write', async () => {
    server.beforeWrite(() => server.write('apps/jwe', { jwks: JSON.stringify(keySet(1, 2, 9)) }));

    expect(await openSource().replace?.(keySet(1, 2), keySet(1, 2, 3))).toBe(false);
    expect(await openSource().load()).toEqual(keySet(1, 2, 9));
  });

  test('loses no update of many at once', async () => {
    const append = async (seed: number): Promise<void> => {
      const source = openSource();
      for (;;) {
        const previous = await source.load();
        if (await source.replace?.(previous, { keys: [...previous.keys, ...keySet(seed).keys] })) return;
      }
    };
    await Promise.all([11, 12, 13, 14, 15].map(append));
    const { keys } = await openSource().load();

    expect(keys.map((jwk) => jwk['kid']).sort()).toEqual([
      'root-1',
      'root-11',
      'root-12',
      'root-13',
      'root-14',
      'root-15',
      'root-2',
    ]);
  });

  test('rejects a set that could not be read back', async () => {
    const faulty = { keys: [{ kty: 'oct', k: 'AAAA' }] };

    await expect(openSource().replace?.(keySet(1, 2), faulty)).rejects.toThrow(/^the new JWK Set: /);
    expect(await openSource().load()).toEqual(keySet(1, 2));
  });

  test.each([
    [403, /cannot be written: status 403, permission denied/],
    [400, /cannot be written: status 400$/],
  ])('reports that it was rejected with %d', async (status, message) => {
    const refusing: typeof fetch = async (input, init) =>
      init?.method === 'POST' ? new Response('{"errors":["no"]}', { status }) : fetch(input, init);
    const refused = openSource({ fetch: refusing }).replace?.(keySet(1, 2), keySet(1));

    await expect(refused).rejects.toThrow(message);
    expect(await openSource().load()).toEqual(keySet(1, 2));
  });

  test('reports the rejection even after a concurrent write', async () => {
    const refusing: typeof fetch = async (input, init) => {
      if (init?.method !== 'POST') return fetch(input, init);
      server.write('apps/jwe', { jwks: JSON.stringify(keySet(9)) });
      return new Response('{}', { status: 403 });
    };
    const refused = openSource({ fetch: refusing }).replace?.(keySet(1, 2), keySet(1));

    await expect(refused).rejects.toThrow(/cannot be written: status 403/);
  });
});
