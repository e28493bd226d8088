import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createTokenIssuer } from 'passport-jwe';
import { prepareVerifier } from '../../src/verify/token-verifier.js';
import { createProofSigner } from '../support/dpop-proofs.js';
import { AUDIENCE, createRing, ISSUER } from '../support/tokens.js';
import { createUserSessionApp, type UserSessionApp } from '../support/user-session-app.js';

const WRONG_KEY = { code: 'ERR_INVALID_GRANT', reason: 'wrong_key' };

let app: UserSessionApp;
let own: { readonly jkt: string };
let other: { readonly jkt: string };

beforeAll(() => {
  own = { jkt: createProofSigner().jkt };
  other = { jkt: createProofSigner().jkt };
});

beforeEach(async () => {
  app = await createUserSessionApp();
});

const claimsOf = async (token: string) =>
  (
    await prepareVerifier({ ...app.options, clock: app.options.clock ?? Date.now }, 'test').verify(
      token,
      'any',
    )
  ).claims;

describe('a session of a user that starts with a confirmation', () => {
  test('has an access token that is bound to the key', async () => {
    const { accessToken } = await app.userSessions.start({ subject: 'alice', confirmation: own });

    expect((await claimsOf(accessToken)).cnf).toEqual(own);
    expect(await app.isAccepted(accessToken)).toBe(false);
  });

  test('is refreshed with the same confirmation', async () => {
    const { refreshToken } = await app.userSessions.start({ subject: 'alice', confirmation: own });
    const { accessToken } = await app.userSessions.refresh(refreshToken, { confirmation: own });

    expect((await claimsOf(accessToken)).cnf).toEqual(own);
  });

  test('is not refreshed without the confirmation or with another one, and does not end thereby', async () => {
    const { refreshToken } = await app.userSessions.start({ subject: 'alice', confirmation: own });

    await expect(app.userSessions.refresh(refreshToken)).rejects.toMatchObject(WRONG_KEY);
    await expect(app.userSessions.refresh(refreshToken, { confirmation: other })).rejects.toMatchObject(
      WRONG_KEY,
    );
    await expect(app.userSessions.refresh(refreshToken, { confirmation: own })).resolves.toBeDefined();
  });

  test('can be bound to a certificate', async () => {
    const confirmation = { 'x5t#S256': own.jkt };
    const { accessToken, refreshToken } = await app.userSessions.start({ subject: 'alice', confirmation });

    expect((await claimsOf(accessToken)).cnf).toEqual(confirmation);
    await expect(app.userSessions.refresh(refreshToken, { confirmation: own })).rejects.toMatchObject(
      WRONG_KEY,
    );
    await expect(app.userSessions.refresh(refreshToken, { confirmation })).resolves.toBeDefined();
  });
});

test('a session of a user without a confirmation gains one at a refresh, and keeps it', async () => {
  const { refreshToken } = await app.userSessions.start({ subject: 'alice' });
  const second = await app.userSessions.refresh(refreshToken, { confirmation: own });

  await expect(app.userSessions.refresh(second.refreshToken)).rejects.toMatchObject(WRONG_KEY);
  await expect(app.userSessions.refresh(second.refreshToken, { confirmation: own })).resolves.toBeDefined();
});

test.each([
  ['no member', {}],
  ['a malformed thumbprint', { jkt: 'abc' }],
  ['a thumbprint with unused bits', { jkt: `${'A'.repeat(42)}B` }],
])('a confirmation with %s is a TypeError that names the option', async (_what, confirmation) => {
  const message = /^userSessions\.\w+: confirmation must have jkt/;

  await expect(app.userSessions.start({ subject: 'alice', confirmation })).rejects.toThrow(message);
  await expect(app.userSessions.refresh('x', { confirmation })).rejects.toThrow(message);
});

describe('createTokenIssuer().issue() with a confirmation', () => {
  test.each([{}, { type: 'service', clientId: 'demo' }] as const)(
    'adds cnf to the token of %j',
    async (kind) => {
      const keyRing = await createRing();
      const issuer = createTokenIssuer({ keyRing, issuer: ISSUER, audience: AUDIENCE });
      const { claims } = await issuer.issue({ ...kind, subject: 'alice', confirmation: own });

      expect(claims.cnf).toEqual(own);
    },
  );
});
