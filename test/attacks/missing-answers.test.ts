import { afterEach, describe, expect, jest, test } from '@jest/globals';
import express from 'express';
import passport from 'passport';
import {
  type AuthenticateOptions,
  JweStrategy,
  type KeyRing,
  type VerifiedToken,
  type VerifyDone,
} from 'passport-jwe';
import request from 'supertest';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { createLegacyKey } from '../../src/keys/create-legacy-key.js';
import { createSigningKey } from '../../src/keys/create-signing-key.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { createVerificationKeys } from '../../src/keys/verification-keys.js';
import { ACCEPTED, type AttackTarget, refusedAs, startTarget } from '../support/attack-target.js';
import { rejectionOf } from '../support/caught.js';
import { keyRingWith } from '../support/key-ring-with.js';
import { createParties, forgeNested } from '../support/signed-tokens.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, secretOf } from '../support/tokens.js';

const targets: AttackTarget[] = [];

afterEach(() => Promise.all(targets.splice(0).map((target) => target.close())));

type Replacement = Readonly<Record<string, unknown>>;

/** What callers without TypeScript can do: a collaborator, one of whose methods answers something else. */
function withAnswer<Collaborator extends object>(
  collaborator: Collaborator,
  methods: Replacement,
): Collaborator {
  return { ...collaborator, ...methods };
}

async function presentTo(
  options: Partial<AuthenticateOptions> & { readonly keyRing: KeyRing },
  token: string,
) {
  const target = await startTarget(options);
  targets.push(target);
  return target.present(token);
}

// CVE-2022-23540, CVE-2022-23541 (jsonwebtoken): a key that was not found was a key that was not needed.
describe('a look-up without a result admits no request:', () => {
  test.each([undefined, null])('a key ring that returns %p', async (answer) => {
    const ring = await createRing();
    const nothing = { decryptionKey: () => undefined, reloadForUnknownKey: async () => answer };
    const keyRing = keyRingWith(ring, withAnswer(internalsOf(ring), nothing));
    expect(await presentTo({ keyRing }, mintToken(ring))).toMatchObject(refusedAs('unknown_key'));
  });

  test.each([undefined, null, Promise.resolve(undefined), Promise.resolve(null)])(
    'verification keys that return %p',
    async (answer) => {
      const parties = await createParties();
      const keys = withAnswer(parties.verificationKeys, { find: () => answer });
      const options = { keyRing: parties.serverRing, verification: { [ISSUER]: keys } };
      expect(await presentTo(options, await forgeNested(parties))).toMatchObject(
        refusedAs('jws_unknown_key'),
      );
    },
  );

  test.each([undefined, null, Promise.resolve(undefined), {}])('API keys that return %p', async (answer) => {
    const keyRing = await createRing();
    const apiKeys = withAnswer({ get: () => undefined }, { get: () => answer });
    expect(await presentTo({ keyRing, apiKeys }, mintToken(keyRing))).toMatchObject(
      refusedAs('key_inactive'),
    );
  });

  test.each([undefined, null, 0, '', 'false', Promise.resolve(undefined), Promise.resolve(null)])(
    'revocations that return %p, which is an outage and not a verdict',
    async (answer) => {
      const keyRing = await createRing();
      const revocations = withAnswer({ isRevoked: () => false }, { isRevoked: () => answer });
      const { status, body } = await presentTo({ keyRing, revocations }, mintToken(keyRing));
      expect([status, JSON.parse(body).error]).toEqual([503, 'temporarily_unavailable']);
    },
  );

  test.each([
    [Number.NaN, 'expired'],
    [undefined, 'expired'],
    ['now', 'expired'],
    [null, 'not_yet_valid'],
    [0, 'not_yet_valid'],
  ] as const)('a clock that answers %p', async (answer, expected) => {
    const keyRing = await createRing();
    const { clock: odd } = withAnswer({ clock }, { clock: () => answer });
    const { status, reason } = await presentTo({ keyRing, clock: odd }, mintToken(keyRing));
    expect([status, reason]).toEqual([401, expected]);
  });

  const nothing: readonly unknown[] = [undefined, null, false, 0, ''];
  const verifyFunctions = nothing.flatMap((answer) => [
    [`done(null, ${answer})`, (_token: VerifiedToken, done: VerifyDone) => done(null, answer)] as const,
    [`return ${answer}`, (_token: VerifiedToken) => answer] as const,
    [`async return ${answer}`, async (_token: VerifiedToken) => answer] as const,
  ]);

  test.each(verifyFunctions)('a verify function of Passport that ends in %s', async (_what, verify) => {
    // Values without a promise are ignored. The request then waits for done() until the timeout.
    jest.useFakeTimers({
      doNotFake: ['Date', 'nextTick', 'queueMicrotask', 'setImmediate', 'setInterval', 'clearInterval'],
    });
    const ticking = setInterval(() => jest.advanceTimersByTime(10_000), 10);
    const keyRing = await createRing();
    const authenticator = new passport.Passport();
    authenticator.use(new JweStrategy({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock }, verify));
    const app = express().set('env', 'test');
    app.use(authenticator.authenticate('jwe', { session: false }), (_req, res) => void res.json('in'));
    const answer = await request(app).get('/').auth(mintToken(keyRing), { type: 'bearer' });
    clearInterval(ticking);
    jest.useRealTimers();
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe(refusedAs('no_user').headers['www-authenticate']);
  });
});

test('the same collaborators admit a token if they return a result', async () => {
  const keyRing = await createRing();
  const apiKeys = { get: () => undefined };
  const revocations = { isRevoked: () => false };
  expect(await presentTo({ keyRing, revocations }, mintToken(keyRing))).toMatchObject(ACCEPTED);
  const anonymous = mintToken(keyRing, { claims: { client_id: undefined, type: undefined } });
  expect(await presentTo({ keyRing, apiKeys }, anonymous)).toMatchObject(ACCEPTED);
});

// RFC 8725 §2.2 and §3.5; CVE-2019-20933 (InfluxDB): tokens signed with an empty secret were accepted.
describe('an invalid secret is rejected at construction:', () => {
  const oct = (k: unknown, alg = 'A256GCM') => ({ kty: 'oct', kid: 'one', alg, k });
  const zeros = (length: number) => Buffer.alloc(length).toString('base64url');
  const SECRETS: readonly unknown[] = [
    ...['', ' ', 'changeme', 'A'.repeat(43), 'A'.repeat(44), '0'.repeat(64), 'your-256-bit-secret'],
    ...[0, 1, 16, 31].map((length) => secretOf(1).subarray(0, length).toString('base64url')),
    ...[new Uint8Array(0), Buffer.alloc(32), secretOf(1).subarray(0, 16), undefined, null, 0, [], {}],
  ];

  async function assertRefused(made: Promise<unknown>, secret: unknown): Promise<void> {
    const error = await rejectionOf(made);
    expect(error).toBeInstanceOf(TypeError);
    if (typeof secret === 'string' && secret.length > 5) expect(String(error)).not.toContain(secret);
  }

  test.each(SECRETS)('as a root secret: %p', async (secret) => {
    const spec = withAnswer({ secret: '' }, { secret });
    await assertRefused(createKeyRing({ current: spec }), secret);
    await assertRefused(createLegacyKey(spec), secret);
    const previous = [spec];
    await assertRefused(createKeyRing({ current: { secret: secretOf(2) }, previous }), secret);
  });

  test.each([
    undefined,
    null,
    '',
    zeros(0),
    zeros(16),
    zeros(32),
    'AAA=',
    [],
    secretOf(1).toString('base64'),
  ])('as k of a JWK: %p', async (k) => {
    for (const alg of ['A256GCM', 'A256KW', 'A256GCMKW', 'dir']) {
      await assertRefused(createKeyRing({ current: { jwk: oct(k, alg) } }), k);
    }
  });

  test.each(['', ' ', 'a', 'password', 'fifteen letters'])('as a passphrase: %p', async (passphrase) => {
    await assertRefused(
      createKeyRing({ current: { passphrase, salt: 'sixteen bytes or more' } }),
      passphrase,
    );
  });

  test('as a shared signing key (RFC 8725 §3.2)', async () => {
    for (const alg of ['HS256', 'HS512', 'none', undefined]) {
      const jwk = { ...oct(secretOf(1).toString('base64url')), alg };
      await assertRefused(createVerificationKeys({ jwk }), jwk.k);
      await assertRefused(createSigningKey({ jwk }), jwk.k);
    }
  });

  test('as an environment variable that is empty or not set', async () => {
    process.env['EMPTY_KEY'] = ' ';
    for (const env of ['EMPTY_KEY', 'NO_SUCH_KEY_IS_SET', '', '../etc/passwd']) {
      await assertRefused(createKeyRing({ current: { env } }), undefined);
    }
    delete process.env['EMPTY_KEY'];
  });
});
