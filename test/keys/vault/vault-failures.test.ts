import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type VaultKeySourceOptions, vaultKeySource } from '../../../src/keys/vault/vault-key-source.js';
import { rejectionOf } from '../../support/caught.js';
import { keySet } from '../../support/key-sets.js';
import { findFreePort } from '../../support/processes.js';
import { READ, ROLE, type StockedVault, startStockedVault, TOKEN } from '../../support/stocked-vault.js';
import { untyped } from '../../support/untyped.js';
import type { VaultServer } from '../../support/vault-server.js';

let server: VaultServer;
let openSource: StockedVault['openSource'];
let close: StockedVault['close'];

beforeEach(async () => {
  ({ server, openSource, close } = await startStockedVault());
});

afterEach(() => close());

/** What is wrong, what is done to the server, and what the message says. */
const FAILURES: [string, (server: VaultServer) => void, Partial<VaultKeySourceOptions>, RegExp][] = [
  ['is sealed', (it) => it.setState('sealed'), {}, /cannot be read: status 503, the server is sealed/],
  [
    'is a standby node that redirects',
    (it) => it.setState('standby'),
    {},
    /redirects: set url to the active node/,
  ],
  ['is a proxy with nothing behind it', (it) => it.setState('replaced'), {}, /cannot be read: status 502$/],
  [
    'does not know the token',
    () => undefined,
    { auth: { token: 'hvs.unknown' } },
    /status 403, permission denied/,
  ],
  [
    'does not know the secret_id',
    () => undefined,
    { auth: { ...ROLE, secretId: 'x' } },
    /AppRole login: status 400, check roleId and secretId$/,
  ],
  [
    'is sealed at the login',
    (it) => it.setState('sealed'),
    { auth: ROLE },
    /returned no token for the AppRole login: status 503, the server is sealed/,
  ],
  ['has no such secret', () => undefined, { path: 'elsewhere' }, /status 404, the secret does not exist/],
  ['has no such mount', () => undefined, { mount: 'kv' }, /status 404, the secret does not exist/],
  ['has another namespace', () => undefined, { namespace: 'other' }, /status 404/],
  ['holds a deleted secret', (it) => it.deleteLast('apps/jwe'), {}, /status 404, .* was deleted/],
  [
    'holds no such field',
    () => undefined,
    { field: 'ring' },
    /: secret\/apps\/jwe does not have the field ring: add it to the secret$/,
  ],
  ['holds a number', (it) => it.write('apps/jwe', { jwks: 7 }), {}, /the secret must be 32 bytes/],
  [
    'holds a weak key',
    (it) => it.write('apps/jwe', { jwks: '00'.repeat(32) }),
    {},
    /must be random, but all bytes are equal/,
  ],
];

describe('a server that', () => {
  test.each(FAILURES)('%s is reported with its cause', async (_what, prepare, options, message) => {
    prepare(server);
    const failure = await rejectionOf(openSource(options).load());

    expect(failure).toMatchObject({ message: expect.stringMatching(message) });
    expect(failure).toMatchObject({
      message: expect.stringContaining(`Vault at ${new URL(server.url).host}`),
    });
  });

  test.each(FAILURES)('%s makes no message show a credential', async (_what, prepare, options) => {
    prepare(server);
    const failure = await rejectionOf(openSource(options).load());
    const shown = describeDeeply(failure);

    for (const secret of [
      TOKEN,
      'hvs.',
      ROLE.secretId,
      ROLE.roleId,
      ...keySet(1, 2).keys.map(({ k }) => String(k)),
    ]) {
      expect(shown).not.toContain(secret);
    }
  });

  test('redirects gets no second request', async () => {
    server.setState('standby');
    const source = openSource({ auth: { token: () => TOKEN } });
    await rejectionOf(source.load());

    expect(server.requests).toEqual([READ]);
  });

  test('does not exist is reported at once', async () => {
    const url = `http://127.0.0.1:${await findFreePort()}`;

    await expect(openSource({ url }).load()).rejects.toThrow(/^Vault at .* is unavailable \(ECONNREFUSED\)/);
  });

  test.each<[string, VaultKeySourceOptions['auth']]>([
    ['a token', { token: TOKEN }],
    ['a token from a function', { token: () => TOKEN }],
    ['AppRole', ROLE],
  ])('never answers is given up in time, with %s', async (_what, auth) => {
    server.setState('hung');
    const began = performance.now();
    const failure = await rejectionOf(openSource({ auth, timeoutMs: 200 }).load());

    expect(failure).toMatchObject({
      message: expect.stringMatching(/is unavailable|did not arrive within timeoutMs/),
    });
    expect(performance.now() - began).toBeLessThan(2000);
  });

  test.each<[number, RegExp]>([
    [300, /redirects: set url/],
    [399, /redirects: set url/],
    [400, /: status 400$/],
    [429, /: status 429, too many requests$/],
    [473, /: status 473, the server is a performance standby node$/],
  ])('answers with %d is reported with its meaning', async (status, message) => {
    const answer: typeof fetch = async () => new Response('{}', { status });
    const failure = await rejectionOf(openSource({ fetch: answer }).load());

    expect(failure).toMatchObject({ message: expect.stringMatching(message) });
  });

  test.each([{ data: { jwks: '{}' } }, { data: { data: { jwks: '{}' }, metadata: {} } }, { data: 7 }, {}])(
    'has no secret of the KV version 2 engine is reported: %j',
    async (body) => {
      const answer: typeof fetch = async () => Response.json(body);

      await expect(openSource({ fetch: answer }).load()).rejects.toThrow(
        /: secret\/apps\/jwe is not a KV version 2 secret: check mount and path/,
      );
    },
  );

  test.each([
    [200, {}, 'check that url is a Vault server'],
    [200, { auth: { client_token: 7, lease_duration: 60 } }, 'check that url is a Vault server'],
    [404, {}, 'status 404, check auth.mount'],
    [500, { auth: { client_token: 'hvs.made', lease_duration: 60 } }, 'status 500'],
  ])('answers a login with %d and %j gives no token', async (status, body, hint) => {
    const answer: typeof fetch = async () => Response.json(body, { status });

    await expect(openSource({ auth: ROLE, fetch: answer }).load()).rejects.toThrow(
      `returned no token for the AppRole login: ${hint}`,
    );
  });

  test('redirects without a visible location is reported', async () => {
    const hidden: typeof fetch = async () =>
      Object.defineProperty(new Response('{}'), 'type', { value: 'opaqueredirect' });

    await expect(openSource({ fetch: hidden }).load()).rejects.toThrow(/redirects: set/);
  });

  test.each<[unknown, string]>([
    [new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } }), 'ECONNRESET'],
    [new TypeError('fetch failed', { cause: { code: 7, message: 'odd' } }), 'odd'],
    [new Error('odd'), 'odd'],
    ['text', 'text'],
    [null, 'null'],
  ])('is unavailable because of %p is reported with the reason', async (thrown, reason) => {
    const source = openSource({ auth: { token: () => TOKEN }, fetch: () => Promise.reject(thrown) });
    const failure = await rejectionOf(source.load());

    expect(failure).toMatchObject({ message: expect.stringContaining(`is unavailable (${reason})`) });
    expect(failure).toHaveProperty('cause', thrown);
  });

  test('is back is read again', async () => {
    const source = openSource();
    server.setState('sealed');
    await rejectionOf(source.load());
    server.setState('active');

    expect(await source.load()).toEqual(keySet(1, 2));
  });
});

describe('a credential', () => {
  test('that never comes is given up in time', async () => {
    const token = () => new Promise<string>(() => undefined);

    await expect(openSource({ auth: { token }, timeoutMs: 100 }).load()).rejects.toMatchObject({
      message:
        'The Vault token did not arrive within timeoutMs: check auth and the server, or raise timeoutMs in vaultKeySource()',
      cause: { name: 'TimeoutError' },
    });
  });

  test.each(['', 'two words', 'line\nbreak', 'ключ', 7, null])(
    'is rejected as %j, without showing it',
    async (value) => {
      const [token] = untyped([value]);
      const failure = await rejectionOf(openSource({ auth: { token: () => token } }).load());

      expect(failure).toMatchObject({
        message: 'The Vault token is empty or malformed: check auth in vaultKeySource()',
      });
    },
  );

  test('is rejected as a string too', async () => {
    await expect(openSource({ auth: { token: 'two words' } }).load()).rejects.toThrow(
      /^The Vault token is empty or malformed: check auth/,
    );
  });

  test('is rejected by name if it is the secretId of an AppRole', async () => {
    const failure = await rejectionOf(openSource({ auth: { ...ROLE, secretId: () => ' ' } }).load());

    expect(failure).toMatchObject({
      message: 'secretId is empty or malformed: check auth in vaultKeySource()',
    });
  });

  test('that is unavailable rejects with the error of its function', async () => {
    const token = async () => Promise.reject(new Error('ENOENT: no such file'));

    await expect(openSource({ auth: { token } }).load()).rejects.toThrow('ENOENT: no such file');
  });
});

describe('options', () => {
  const valid = { url: 'https://vault.example:8200', path: 'apps/jwe', auth: { token: TOKEN } };

  test('name the source after its server and secret', () => {
    const name = 'Vault at vault.example:8200: secret/apps/jwe';

    expect(vaultKeySource(valid).name).toBe(name);
  });

  test.each([
    [
      'a plain http URL',
      { url: 'http://vault.example:8200' },
      /^vaultKeySource: url must be an absolute https URL \(http on loopback only\), for example/,
    ],
    ['no URL', { url: undefined }, /^vaultKeySource: url must be an absolute https URL/],
    [
      'a URL with credentials',
      { url: `https://user:${TOKEN}@vault.example` },
      /^vaultKeySource: url must not contain credentials/,
    ],
    [
      'a URL with a query',
      { url: 'https://vault.example?a=b' },
      /^vaultKeySource: url must not have a query or/,
    ],
    [
      'a URL with a fragment',
      { url: 'https://vault.example#a' },
      /^vaultKeySource: url must not have a query or/,
    ],
    ['no path', { path: undefined }, /^vaultKeySource: path must be a path/],
    ['a path with dot segments', { path: '../../sys/seal' }, /^vaultKeySource: path must be a path/],
    ['a path with a slash at its end', { path: 'apps/' }, /^vaultKeySource: path must be a path/],
    ['an empty mount', { mount: '' }, /^vaultKeySource: mount must be a path/],
    ['a namespace that breaks the line', { namespace: 'a\nb' }, /^vaultKeySource: namespace must be a path/],
    [
      'an empty field',
      { field: '' },
      /^vaultKeySource: field must be a non-empty string, for example "jwks"$/,
    ],
    [
      'a field that is not a string',
      { field: 7 },
      /^vaultKeySource: field must be a non-empty string, for example "jwks"$/,
    ],
    [
      'a fetch that is not a function',
      { fetch: 7 },
      /^vaultKeySource: fetch must be a function, for example globalThis.fetch$/,
    ],
    [
      'no timeout',
      { timeoutMs: 0 },
      /^vaultKeySource: timeoutMs must be a positive integer, for example 5000$/,
    ],
    ['no auth', { auth: undefined }, /^vaultKeySource: auth/],
    ['empty auth', { auth: {} }, /^vaultKeySource: auth must have token, or roleId and secretId: pass one/],
    [
      'an empty token',
      { auth: { token: ' ' } },
      /^vaultKeySource: auth\.token must be a non-empty string, or a function/,
    ],
    [
      'a token and a role',
      { auth: { token: TOKEN, roleId: 'r' } },
      /^vaultKeySource: auth: unknown option roleId; expected one of: /,
    ],
    [
      'an empty role',
      { auth: { ...ROLE, roleId: '' } },
      /^vaultKeySource: auth must have token, or roleId and secretId: pass one/,
    ],
    [
      'a misspelt option of a role',
      { auth: { ...ROLE, path: 'x' } },
      /^vaultKeySource: auth: unknown option path; expected one of: /,
    ],
    [
      'an auth mount that changes the path',
      { auth: { ...ROLE, mount: '..' } },
      /^vaultKeySource: auth\.mount must be a path/,
    ],
    [
      'a role without a secret_id',
      { auth: { roleId: 'r' } },
      /^vaultKeySource: auth\.secretId must be a non-empty string/,
    ],
    ['a misspelt option', { pathh: 'x' }, /^vaultKeySource: unknown option pathh; expected one of: /],
  ])('are rejected with %s', (_what, override, message) => {
    expect(() => vaultKeySource(untyped({ ...valid, ...override }))).toThrow(message);
    expect(() => vaultKeySource(untyped({ ...valid, ...override }))).toThrow(TypeError);
  });

  test('accept a path with dots in its names, and the shortest timeout', () => {
    expect(() => vaultKeySource({ ...valid, path: '..apps/jwe..', timeoutMs: 1 })).not.toThrow();
  });
});

function describeDeeply(failure: unknown): string {
  const { stack = '', cause } = failure instanceof Object ? Object(failure) : {};
  return `${String(failure)} ${String(stack)} ${cause === undefined ? '' : describeDeeply(cause)}`;
}
