import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { createSigningKey } from '../../src/keys/create-signing-key.js';
import { createVerificationKeys } from '../../src/keys/verification-keys.js';
import { rejectionOf } from '../support/caught.js';
import {
  accessToken,
  beginSession,
  REPORTS,
  ringOf,
  rootJwk,
  SERVICE,
  setUpService,
  withStore,
  writeKeys,
} from '../support/cli-tokens.js';
import { setUpCommandLine } from '../support/command-line.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { ALGORITHMS, generateShared, generateSigner } from '../support/key-pairs.js';
import { AUDIENCE, clock, ISSUER, NOW } from '../support/tokens.js';

const { directory, run, runJson } = setUpCommandLine();
const STORE = ['--store', 'store'];

beforeEach(() => setUpService(directory()));

const revoke = (...args: readonly string[]) => run(['token', 'revoke', ...args, ...STORE]);

/** How an API answers a token. */
async function verdictOn(token: string, audience = AUDIENCE): Promise<string> {
  const service = ['--issuer', ISSUER, '--audience', audience];
  const { code, out } = await run(['token', 'verify', token, ...service, ...STORE]);
  return code === 0 ? 'accepted' : out;
}

const kidOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.', 1).join(), 'base64url').toString()).kid;

describe('token revoke --kid', () => {
  test('with a retiring version revokes all its tokens, for every audience of the API keys', async () => {
    const [old, now] = [await ringOf(1), await ringOf(2)];
    const tokens = [await accessToken(old), await accessToken(old, { aud: REPORTS })];
    const { code, out, notes } = await revoke('--kid', 'old', ...SERVICE);

    expect(code).toBe(0);
    expect(out).toBe(
      `Revoked: access tokens for ${AUDIENCE}, access tokens for ${REPORTS}, refresh tokens of ${ISSUER} under version old`,
    );
    expect(notes).toContain('keys retire old');
    expect(await verdictOn(tokens[0] ?? '')).toBe('rejected: revoked');
    expect(await verdictOn(tokens[1] ?? '', REPORTS)).toBe('rejected: revoked');
    expect(await verdictOn(await accessToken(now))).toBe('accepted');
  });

  test('with a version ends the refresh tokens under it', async () => {
    const ring = await ringOf(1);
    const token = await withStore(directory(), (stores) => beginSession(stores, ring));
    await revoke('--kid', 'old', ...SERVICE);

    await withStore(directory(), async (_stores, revocations) => {
      const family = { clientId: 'demo', subject: 'alice', sessionId: 's1', createdAt: NOW - 50 };
      expect(revocations.isFamilyRevoked(family)).toBe(false);
      expect(revocations.isFamilyRevoked({ ...family, kid: kidOf(token) })).toBe(true);
    });
  });

  test.each(['A128GCM', 'A192GCM'] as const)('with a version revokes tokens under %s too', async (enc) => {
    const kid = kidOf(await accessToken(await ringOf(1, enc)));
    const { keys } = Object(await runJson(['token', 'revoke', '--kid', 'old', ...SERVICE, ...STORE]));

    expect(keys).toContainEqual({ kid, purpose: 'access', audience: AUDIENCE });
  });

  test('with the kid of a token revokes only the tokens under that key', async () => {
    const old = await ringOf(1);
    const tokens = [await accessToken(old), await accessToken(old, { aud: REPORTS })];
    const { out } = await revoke('--kid', kidOf(tokens[0] ?? ''), ...SERVICE);

    expect(out).toBe(`Revoked: access tokens for ${AUDIENCE} under version old`);
    expect(await verdictOn(tokens[0] ?? '')).toBe('rejected: revoked');
    expect(await verdictOn(tokens[1] ?? '', REPORTS)).toBe('accepted');
  });

  test.each([
    ['the current version', async () => 'now'],
    ['a key of the current version', async () => kidOf(await accessToken(await ringOf(2)))],
  ])('rejects %s with the steps to take, and revokes nothing', async (_name, kid) => {
    const { code, out, notes } = await revoke('--kid', await kid(), ...SERVICE);

    expect([code, out]).toEqual([1, '']);
    expect(notes).toContain('Nothing was revoked: version now is current');
    expect(notes).toContain('Run "keys rotate"');
    expect(await verdictOn(await accessToken(await ringOf(2)))).toBe('accepted');
  });

  test('rejects a version that encrypts nothing yet', async () => {
    const { code, notes } = await revoke('--kid', 'next', ...SERVICE);

    expect(code).toBe(1);
    expect(notes).toContain('pending and encrypts nothing yet. Run "keys retire next"');
  });

  test.each([
    ['with a typo', 'olb'],
    ['that could be one of a key', 'AAECAwQFBgcICQoLDA0ODw'],
    ['of another audience', ''],
  ])('reports a kid %s as not revoked', async (_name, kid) => {
    const other = kidOf(await accessToken(await ringOf(1), { aud: 'https://elsewhere.example.com' }));
    const { code, out, notes } = await revoke('--kid', kid || other, ...SERVICE);

    expect([code, out]).toEqual([1, '']);
    expect(notes).toContain('Nothing was revoked: no version in keys.json');
    expect(JSON.parse((await revoke('--kid', kid || other, ...SERVICE, '--json')).notes)).toEqual({
      error: expect.stringContaining('Nothing was revoked'),
    });
  });

  test('finds the key of another audience from --audience', async () => {
    const elsewhere = 'https://elsewhere.example.com';
    const token = await accessToken(await ringOf(1), { aud: elsewhere });
    await revoke('--kid', kidOf(token), ...SERVICE, '--audience', elsewhere);

    expect(await verdictOn(token, elsewhere)).toBe('rejected: revoked');
  });

  test('revokes a key that is no longer in the file with --force', async () => {
    const token = await accessToken(await ringOf(1));
    await writeKeys(directory(), [rootJwk('now', 2)]);
    expect((await revoke('--kid', kidOf(token), ...SERVICE)).code).toBe(1);
    expect((await revoke('--kid', kidOf(token), ...SERVICE, '--force')).code).toBe(0);

    await writeKeys(directory(), [rootJwk('old', 1)]);
    expect(await verdictOn(token)).toBe('rejected: revoked');
  });

  test('revokes a version that is used underived by its own kid', async () => {
    const shared = { ...generateShared('A256KW'), kid: 'w-old', exp: NOW + 60 };
    await writeKeys(directory(), [rootJwk('now', 2), shared]);
    const ring = await createKeyRing({
      current: { jwk: generateShared('A256KW', { ...shared, exp: undefined }) },
    });
    const token = await accessToken(ring);
    expect(await verdictOn(token)).toBe('accepted');
    const { out } = await revoke('--kid', 'w-old', ...SERVICE);

    expect(out).toBe('Revoked: all tokens under version w-old');
    expect(await verdictOn(token)).toBe('rejected: revoked');
  });

  test.each([
    ['the issuer', ['--audience', AUDIENCE]],
    ['any audience', ['--issuer', ISSUER, '--api-keys', 'nowhere']],
  ])('of a version needs %s, so that nothing is left out', async (_name, args) => {
    const { code, notes } = await revoke('--kid', 'old', ...args);

    expect(code).toBe(2);
    expect(notes).toContain('pass --issuer, and --api-keys or --audience');
  });
});

describe('token revoke --client', () => {
  test('reports an API key that does not exist, and revokes nothing', async () => {
    const { code, out, notes } = await revoke('--client', 'ghost');

    expect([code, out]).toEqual([1, '']);
    expect(notes).toBe(
      'error: No API key in api-keys has this key_id: correct --client, or pass --force for an API key that was removed',
    );
    expect((await revoke('--client', 'ghost', '--json')).notes).toMatch(/^\{"error":"No API key in api-keys/);
  });

  test.each([
    ['--user', 'alice'],
    ['--session', 's1'],
  ])('also reports it with %s %s', async (...args) => {
    expect((await revoke('--client', 'ghost', ...args)).code).toBe(1);
  });

  test('revokes a removed API key with --force', async () => {
    const token = await accessToken(await ringOf(2), { client_id: 'ghost' });
    expect((await revoke('--client', 'ghost', '--force')).out).toBe('Revoked: api_key ghost');

    expect(await verdictOn(token)).toBe('rejected: revoked');
  });

  test.each([
    ['there are no API keys', () => rm(join(directory(), 'api-keys'), { recursive: true })],
    ['a file of them is broken', () => writeFile(join(directory(), 'api-keys', 'x.yaml'), 'x: [')],
  ])('revokes if %s, and notes that it did not check', async (_name, damage) => {
    await damage();
    const { code, out, notes } = await revoke('--client', 'ghost');

    expect([code, out]).toEqual([0, 'Revoked: api_key ghost']);
    expect(notes).toContain('so the API key was not checked');
  });

  test('with a session and a user revokes only the session of that user', async () => {
    const ring = await ringOf(2);
    const [alice, bob] = [
      await accessToken(ring, { sub: 'alice', session_id: 's1' }),
      await accessToken(ring, { sub: 'bob', session_id: 's1' }),
    ];
    await revoke('--client', 'demo', '--user', 'alice', '--session', 's1');

    expect([await verdictOn(alice), await verdictOn(bob)]).toEqual(['rejected: revoked', 'accepted']);
  });
});

describe('token revoke with a token', () => {
  test('prints the session', async () => {
    const token = await accessToken(await ringOf(2), { sub: 'alice', session_id: 's1', jti: 'j1' });

    expect((await revoke(token, ...SERVICE)).out).toBe(
      'Revoked: token j1, session s1 of alice, API key demo',
    );
    expect(await runJson(['token', 'revoke', token, ...SERVICE, ...STORE])).toEqual({
      revoked: { kind: 'token', jti: 'j1', expiresAt: NOW + 600, clientId: 'demo' },
      ...{ client_id: 'demo', subject: 'alice', session_id: 's1' },
    });
  });

  test('reads the token from standard input if there is no argument', async () => {
    const token = await accessToken(await ringOf(2));
    const { code } = await run(['token', 'revoke', ...SERVICE, ...STORE], `${token}\n`);

    expect(code).toBe(0);
    expect(await verdictOn(token)).toBe('rejected: revoked');
  });

  test('names all targets if standard input is empty', async () => {
    const { code, notes } = await revoke();

    expect(code).toBe(2);
    expect(notes).toBe(
      'error: The target of the revocation is missing: pass a token as an argument or on standard input, or pass --client or --kid',
    );
  });

  test('also revokes a token for another audience of the API keys', async () => {
    const token = await accessToken(await ringOf(2), { aud: REPORTS });
    expect((await revoke(token, ...SERVICE)).code).toBe(0);

    expect(await verdictOn(token, REPORTS)).toBe('rejected: revoked');
  });

  test.each([1, 2])(
    'of version %d for refreshing ends its session, and the access tokens in it',
    async (seed) => {
      const ring = await ringOf(seed);
      const token = await withStore(directory(), (stores) => beginSession(stores, ring));
      const access = await accessToken(ring, { sub: 'alice', session_id: 's1' });
      const other = await accessToken(ring, { sub: 'alice', session_id: 's2' });
      const { code, out } = await revoke(token, '--issuer', ISSUER);

      expect([code, out]).toEqual([0, 'Revoked: the refresh token and session s1 of alice, API key demo']);
      expect(await verdictOn(access)).toBe('rejected: revoked');
      expect(await verdictOn(other)).toBe('accepted');
      expect(await runJson(['sessions', 'list', '--client', 'demo', ...STORE])).toEqual([]);
    },
  );

  test('for refreshing revokes the access tokens of a session that the store has lost', async () => {
    const ring = await ringOf(2);
    const token = await withStore(directory(), (stores) => beginSession(stores, ring));
    await rm(join(directory(), 'store'), { recursive: true });
    await withStore(directory(), async () => {}, NOW - 60);
    const result = await runJson(['token', 'revoke', token, '--issuer', ISSUER, ...STORE]);

    expect(result).toMatchObject({ client_id: 'demo', subject: 'alice', session_id: 's1' });
    expect(await verdictOn(await accessToken(ring, { sub: 'alice', session_id: 's1' }))).toBe(
      'rejected: revoked',
    );
  });

  test('for refreshing is rejected if it has expired', async () => {
    const ring = await ringOf(2);
    const token = await withStore(directory(), (stores) => beginSession(stores, ring, NOW - 1), NOW - 30);

    expect((await revoke(token, '--issuer', ISSUER)).out).toBe('rejected: expired');
  });

  test('for refreshing is rejected for another issuer, and needs an issuer', async () => {
    const ring = await ringOf(2);
    const token = await withStore(directory(), (stores) => beginSession(stores, ring));

    expect((await revoke(token, '--issuer', 'https://other.example.com')).out).toBe('rejected: unknown_key');
    expect((await revoke(token)).code).toBe(2);
  });

  test.each(ALGORITHMS)('under %s %s revokes it', async (_alg, _curve, generate) => {
    const { privateJwk, publicJwk } = generate();
    await writeKeys(directory(), [privateJwk], 'api.json');
    const signer = generateSigner();
    const signing = await createSigningKey({ jwk: signer.privateJwk });
    const issuerRing = await createKeyRing({ current: { jwk: publicJwk } });
    const token = await accessToken(issuerRing, { sub: 'alice', session_id: 's1' }, signing);
    const { code, out, notes } = await revoke(token, '--keys', 'api.json', ...SERVICE);

    expect([code, notes]).toEqual([
      0,
      publicJwk['kty'] === 'oct'
        ? 'The token has no proof of issuance: a resource server with its key can create such tokens.'
        : 'The signature of the token was not verified.',
    ]);
    expect(out).toContain('session s1 of alice, API key demo');
    await withStore(directory(), async (_stores, revocations) => {
      const keyRing = await createKeyRing({ current: { jwk: privateJwk } });
      const verification = { [ISSUER]: await createVerificationKeys({ jwk: signer.publicJwk }) };
      const api = createIssuerAndVerifier({
        keyRing,
        issuer: ISSUER,
        audience: AUDIENCE,
        revocations,
        verification,
        clock,
      });
      expect(await rejectionOf(api.verify(token))).toMatchObject({ reason: 'revoked' });
    });
  });
});
