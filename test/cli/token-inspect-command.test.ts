import { writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { createSigningKey } from '../../src/keys/create-signing-key.js';
import {
  accessToken,
  beginSession,
  ringOf,
  SERVICE,
  setUpService,
  withStore,
  writeKeys,
} from '../support/cli-tokens.js';
import { setUpCommandLine } from '../support/command-line.js';
import { ALGORITHMS, generateSigner } from '../support/key-pairs.js';
import { AUDIENCE, ISSUER } from '../support/tokens.js';

const { directory, run, runJson } = setUpCommandLine();
const OWNER = { client_id: 'demo', subject: 'alice', session_id: 's1' };

beforeEach(() => setUpService(directory()));

const inspect = (token: string, ...args: readonly string[]) =>
  run(['token', 'inspect', token, '--keys', 'keys.json', ...args]);

describe('token inspect', () => {
  test('reads a refresh token, and prints its session', async () => {
    const ring = await ringOf(2);
    const token = await withStore(directory(), (stores) => beginSession(stores, ring));
    const { code, out, notes } = await inspect(token, '--issuer', ISSUER);

    expect([code, notes]).toEqual([0, 'Refresh token: session s1 of alice, API key demo.']);
    expect(JSON.parse(out)).toMatchObject({ kind: 'refresh', ...OWNER, claims: { family_id: 'family' } });
  });

  test('reads a refresh token of a version that no longer encrypts', async () => {
    const ring = await ringOf(1);
    const token = await withStore(directory(), (stores) => beginSession(stores, ring));

    expect((await inspect(token, '--issuer', ISSUER)).code).toBe(0);
  });

  test('prints the session of an access token, also as JSON', async () => {
    const token = await accessToken(await ringOf(2), { sub: 'alice', session_id: 's1' });
    const args = ['--keys', 'keys.json', '--audience', AUDIENCE];

    expect((await inspect(token, ...args)).notes).toBe('Access token: session s1 of alice, API key demo.');
    expect(await runJson(['token', 'inspect', token, ...args])).toMatchObject({ kind: 'access', ...OWNER });
    expect((await run(['token', 'inspect', token, ...args, '--json'])).out).not.toContain('\n');
  });

  test('prints that a token has no session', async () => {
    const token = await accessToken(await ringOf(2));
    expect((await inspect(token, '--audience', AUDIENCE)).notes).toBe(
      'Access token: no session of demo, API key demo.',
    );
  });

  test.each(['A128GCM', 'A192GCM'] as const)('reads tokens under %s', async (enc) => {
    const token = await accessToken(await ringOf(2, enc));
    expect((await inspect(token, '--audience', AUDIENCE)).code).toBe(0);
  });

  test.each(ALGORITHMS)('reads tokens under %s %s', async (_alg, _curve, generate) => {
    const { privateJwk, publicJwk } = generate();
    await writeKeys(directory(), [privateJwk], 'api.json');
    const signing = await createSigningKey({ jwk: generateSigner().privateJwk });
    const ring = await createKeyRing({ current: { jwk: publicJwk } });
    const token = await accessToken(ring, { sub: 'alice', session_id: 's1' }, signing);
    const { code, out, notes } = await run(['token', 'inspect', token, '--keys', 'api.json']);

    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ kind: 'access', ...OWNER });
    if (publicJwk['kty'] !== 'oct') expect(notes).toContain('The signature of the token was not verified.');
  });

  test('names the missing option, with exit code 2', async () => {
    const ring = await ringOf(2);
    const refresh = await withStore(directory(), (stores) => beginSession(stores, ring));

    expect((await inspect(refresh, '--audience', AUDIENCE)).notes).toContain('pass --issuer too');
    expect((await inspect(await accessToken(ring))).notes).toContain('pass --audience too');
    expect((await inspect(await accessToken(ring))).code).toBe(2);
  });

  test('rejects a token under other keys, and a modified one', async () => {
    const token = await accessToken(await ringOf(7));
    const changed = `${(await accessToken(await ringOf(2))).slice(0, -2)}AA`;

    expect((await inspect(token, '--audience', AUDIENCE)).out).toBe('rejected: unknown_key');
    expect((await inspect(changed, '--audience', AUDIENCE)).out).toBe('rejected: decryption');
  });

  test('prints no control characters of a token', async () => {
    const token = await accessToken(await ringOf(2), { sub: 'a\u001b[2Jb', session_id: 's1' });
    expect((await inspect(token, '--audience', AUDIENCE)).notes).toContain('session s1 of a?[2Jb');
  });
});

test('token issue and token verify keep the types of metadata', async () => {
  const file =
    'api_key: k-0123456789-typed-abcdefghijk\nkey_id: typed\nname: N\ntype: api_call\nrate_limits: {}\n';
  await writeFile(
    `${directory()}/api-keys/typed.yaml`,
    `${file}metadata: {beta: false, seats: 5, plan: "5"}\n`,
  );
  const { out } = await run(['token', 'issue', '--client', 'typed', ...SERVICE]);

  expect(await runJson(['token', 'verify', out, ...SERVICE])).toMatchObject({
    claims: { metadata: { beta: false, seats: 5, plan: '5' } },
  });
});
