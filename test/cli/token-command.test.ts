import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { openLmdbStores } from 'passport-jwe/lmdb';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { setUpCommandLine } from '../support/command-line.js';
import { forgeToken } from '../support/forge-token.js';
import { exportedKey, forgeByExport } from '../support/forged-claims.js';
import { AUDIENCE, ISSUER, NOW } from '../support/tokens.js';

const { directory, run, runJson } = setUpCommandLine();
const SERVICE = ['--issuer', ISSUER, '--audience', AUDIENCE];
const KEY =
  'api_key: k-0123456789-abcdefghijklmnopqrst\nkey_id: demo\nname: N\ntype: api_call\nrate_limits: {}\nusers: true\npermissions: [read, write]\n';

beforeEach(async () => {
  await mkdir(join(directory(), 'api-keys'));
  await writeFile(join(directory(), 'api-keys', 'a.yaml'), KEY);
  await run(['keys', 'generate']);
});

async function issue(...args: readonly string[]): Promise<string> {
  const { code, out, notes } = await run(['token', 'issue', '--client', 'demo', ...SERVICE, ...args]);
  if (code !== 0) throw new Error(notes);
  return out;
}

/** As a service made it before. */
async function makeStore(): Promise<void> {
  const stores = await openLmdbStores({ path: join(directory(), 'store'), clock: () => NOW - 60 });
  await stores.close();
}

describe('token issue and token verify', () => {
  test('work together', async () => {
    const token = await issue('--scope', 'read', '--user', 'alice');

    expect(await runJson(['token', 'verify', token, ...SERVICE])).toMatchObject({
      valid: true,
      type: 'api_call',
      claims: { sub: 'alice', client_id: 'demo', scope: 'read' },
    });
  });

  test('read the token from standard input, which other users cannot see', async () => {
    expect((await run(['token', 'verify', ...SERVICE], `${await issue()}\n`)).code).toBe(0);
  });

  test('print why a token is rejected, with exit code 1', async () => {
    const token = await issue();
    const { code, out, notes } = await run([
      'token',
      'verify',
      token,
      '--issuer',
      'https://x',
      '--audience',
      AUDIENCE,
    ]);

    expect([code, out]).toEqual([1, 'rejected: wrong_issuer']);
    expect(notes.split('\n')).toEqual([
      'cause: Neither `issuer` nor `trustedIssuers` lists the `iss` of the token. Or the token is encrypted under the key of another issuer.',
      'fix: Compare `iss` with both options character by character, including trailing slashes.',
      'expected: ["https://x"]',
      `found: ${ISSUER}`,
    ]);
  });

  test('print reason, cause and fix as JSON for scripts', async () => {
    const { code, out } = await run(['token', 'verify', 'a.b.c', ...SERVICE, '--json']);

    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      valid: false,
      reason: 'segment_count',
      cause: 'The token does not have five segments. A signed JWT without encryption has three.',
      fix: expect.stringContaining('Send the encrypted token.'),
    });
  });

  test('tell another environment and another spelling of the audience from an unknown key', async () => {
    const reasonWith = async (...args: readonly string[]) => {
      const token = await issue();
      return JSON.parse((await run(['token', 'verify', token, ...args, '--json'])).out);
    };

    expect(await reasonWith(...SERVICE, '--environment', 'staging')).toMatchObject({
      ...{ reason: 'wrong_environment', expected: 'staging', found: 'production' },
    });
    expect(await reasonWith('--issuer', ISSUER, '--audience', `${AUDIENCE}/`)).toMatchObject({
      ...{ reason: 'wrong_audience', found: AUDIENCE },
    });
    expect(await reasonWith('--issuer', ISSUER, '--audience', 'other')).toMatchObject({
      reason: 'unknown_key',
    });
  });

  test('name the audience of a token for another audience of the API keys', async () => {
    const file = join(directory(), 'api-keys', 'a.yaml');
    await writeFile(file, `${KEY}audiences: [${AUDIENCE}]\n`);
    const token = await issue();
    const verify = ['token', 'verify', token, '--issuer', ISSUER, '--audience', 'other', '--json'];

    expect(JSON.parse((await run([...verify, '--api-keys', 'api-keys'])).out)).toMatchObject({
      ...{ reason: 'wrong_audience', expected: ['other'], found: AUDIENCE },
    });
  });

  test('check the API key of the token with --api-keys, and note it otherwise', async () => {
    const token = await issue();
    expect((await run(['token', 'verify', token, ...SERVICE, '--api-keys', 'api-keys'])).code).toBe(0);
    await writeFile(join(directory(), 'api-keys', 'a.yaml'), `${KEY}active: false\n`);

    const checked = await run(['token', 'verify', token, ...SERVICE, '--api-keys', 'api-keys']);
    expect([checked.code, checked.out]).toEqual([1, 'rejected: key_inactive']);
    const unchecked = await run(['token', 'verify', token, ...SERVICE]);
    expect([unchecked.code, unchecked.notes]).toEqual([
      0,
      expect.stringContaining('The API key was not checked: pass --api-keys'),
    ]);
  });

  test('report invalid arguments with exit code 2', async () => {
    expect((await run(['token', 'issue', '--client', 'nobody', ...SERVICE])).code).toBe(2);
    expect((await run(['token', 'issue', '--client', 'demo'])).code).toBe(2);
    expect((await run(['token', 'verify', ...SERVICE], '')).code).toBe(2);
  });

  test('issue no bearer token for an API key that requires DPoP', async () => {
    await writeFile(join(directory(), 'api-keys', 'a.yaml'), `${KEY}dpop: required\n`);
    const { code, notes } = await run(['token', 'issue', '--client', 'demo', ...SERVICE]);

    expect([code, notes]).toEqual([2, expect.stringContaining('token request with --dpop-key')]);
  });

  test('grant no more scope than the key has', async () => {
    const { code, notes } = await run(['token', 'issue', '--client', 'demo', ...SERVICE, '--scope', 'admin']);

    expect(code).toBe(1);
    expect(notes).toContain('exceeds the scope of this API key');
  });
});

describe('token inspect', () => {
  test('prints the header and, with the keys of its audience, the claims', async () => {
    const token = await issue();

    expect(JSON.parse((await run(['token', 'inspect', token])).out)).toEqual({
      header: { alg: 'dir', enc: 'A256GCM', kid: expect.any(String), typ: 'at+jwt' },
    });
    const { out } = await run(['token', 'inspect', token, '--keys', 'keys.json', '--audience', AUDIENCE]);
    expect(JSON.parse(out).claims).toMatchObject({ client_id: 'demo' });
  });

  test('prints the version in the key file from which the key of the token is derived', async () => {
    const [version] = JSON.parse((await run(['keys', 'list', '--json'])).out);
    const { out } = await run([
      'token',
      'inspect',
      await issue(),
      '--keys',
      'keys.json',
      '--audience',
      AUDIENCE,
    ]);

    expect(JSON.parse(out)).toMatchObject({ version: { kid: version?.kid, state: 'current' } });
    expect(JSON.parse(out).header.kid).not.toBe(version?.kid);
  });

  test('does not echo an argument that is not a token', async () => {
    const { code, notes } = await run(['token', 'inspect', 'sk-secret']);

    expect(code).toBe(2);
    expect(notes).not.toContain('sk-secret');
  });
});

describe('token revoke', () => {
  test('revokes nothing for a signed token that was nested under an exported key', async () => {
    await makeStore();
    const genuine = await issue();
    const { claims } = Object(await runJson(['token', 'verify', genuine, ...SERVICE]));
    const ring = await createKeyRing({ current: { file: join(directory(), 'keys.json') } });
    const parts = [{ alg: 'EdDSA', kid: 'x', typ: 'at+jwt' }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const plaintext = `${parts.join('.')}.AAAA`;
    const forged = forgeToken(exportedKey(ring, AUDIENCE), { header: { cty: 'JWT' }, plaintext });
    const keys = ['--keys', 'keys.json', ...SERVICE];

    expect((await run(['token', 'revoke', forged, ...keys, '--store', 'store'])).code).toBe(1);
    expect((await run(['token', 'verify', genuine, ...SERVICE, '--store', 'store'])).code).toBe(0);
  });

  test('revokes nothing for a token that a holder of an exported key created', async () => {
    await makeStore();
    const genuine = await issue();
    const verified = Object(await runJson(['token', 'verify', genuine, ...SERVICE]));
    const ring = await createKeyRing({ current: { file: join(directory(), 'keys.json') } });
    const forged = forgeByExport(ring, AUDIENCE, verified.claims);
    const answer = await run([
      'token',
      'revoke',
      forged,
      '--keys',
      'keys.json',
      ...SERVICE,
      '--store',
      'store',
    ]);

    expect(answer).toMatchObject({
      code: 1,
      notes: expect.stringContaining('has no proof of issuance'),
    });
    expect((await run(['token', 'verify', genuine, ...SERVICE, '--store', 'store'])).code).toBe(0);
  });

  test('revokes one token', async () => {
    await makeStore();
    const [token, other] = [await issue(), await issue()];
    await run(['token', 'revoke', token, '--keys', 'keys.json', ...SERVICE, '--store', 'store']);

    expect((await run(['token', 'verify', token, ...SERVICE, '--store', 'store'])).out).toBe(
      'rejected: revoked',
    );
    expect((await run(['token', 'verify', other, ...SERVICE, '--store', 'store'])).code).toBe(0);
  });

  test.each([[['--client', 'demo']], [['--client', 'demo', '--user', 'alice']]])(
    'revokes all tokens issued so far by %j',
    async (target) => {
      await makeStore();
      const token = await issue('--user', 'alice');
      expect(await runJson(['token', 'revoke', ...target, '--store', 'store'])).toMatchObject({
        revoked: { clientId: 'demo' },
      });

      expect((await run(['token', 'verify', token, ...SERVICE, '--store', 'store'])).out).toBe(
        'rejected: revoked',
      );
    },
  );

  test('does not revoke a session of another user with the same ID', async () => {
    await makeStore();
    const target = ['--client', 'demo', '--user', 'alice', '--session', 's1'];

    expect(await runJson(['token', 'revoke', ...target, '--store', 'store'])).toEqual({
      revoked: { kind: 'session', clientId: 'demo', sessionId: 's1', subject: 'alice' },
    });
  });

  test('revokes the sessions of all users with an ID if no user is given', async () => {
    await makeStore();
    const target = ['--client', 'demo', '--session', 's1'];

    expect(await runJson(['token', 'revoke', ...target, '--store', 'store'])).toEqual({
      revoked: { kind: 'session', clientId: 'demo', sessionId: 's1' },
    });
  });

  test.each([
    ['a missing store', ['--client', 'demo', '--store', 'nowhere']],
    ['no store at all', ['--client', 'demo']],
    ['nothing to revoke', ['--store', 'store']],
    ['a user without its API key', ['--user', 'alice', '--store', 'store']],
  ])('rejects %s with exit code 2', async (_name, args) => {
    await makeStore();

    expect((await run(['token', 'revoke', ...args])).code).toBe(2);
  });
});
