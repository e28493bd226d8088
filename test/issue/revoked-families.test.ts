import { beforeEach, describe, expect, test } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { createMemoryStores, createRevocations, tokenRouter } from 'passport-jwe';
import type { FamilyStore } from 'passport-jwe/stores';
import { loadFiles } from '../support/api-key-files.js';
import { createSessionApp, SESSION_KEYS, type SessionApp } from '../support/session-app.js';
import { AUDIENCE, createRing, ISSUER, NOW } from '../support/tokens.js';

const ALICE = { kind: 'subject', clientId: 'demo', subject: 'alice' } as const;

let app: SessionApp;

beforeEach(async () => {
  app = await createSessionApp();
});

describe('a family of a subject that is revoked', () => {
  test.each([0.2, 0.6])('ends even if it began a fraction of a second earlier: %d s', async (seconds) => {
    app.setTime(NOW + seconds);
    const { refreshToken } = await app.begin('sk-demo', { user: 'alice' });
    app.setTime(NOW + 0.7);
    await app.revocations.revoke(ALICE);
    app.setTime(NOW + 2);

    expect((await app.refresh(refreshToken)).status).toBe(400);
  });

  test('yields no access token that outlives a concurrent revocation', async () => {
    const { refreshToken } = await app.begin('sk-demo', { user: 'alice' });
    const { families } = app.stores;
    /** Between the last look at what is revoked and the access token the second changes. */
    const slow: FamilyStore = {
      ...families,
      async replace(family) {
        app.setTime(NOW + 10.9);
        await app.revocations.revoke(ALICE);
        app.setTime(NOW + 11.1);
        return families.replace(family);
      },
    };
    const other = await app.rebuild({ families: slow });
    app.setTime(NOW + 10.8);
    const { status, accessToken } = await other.refresh(refreshToken);

    expect(status).toBe(200);
    expect(await app.use(accessToken)).toBe(401);
  });
});

test('revoking a refresh token revokes the access tokens of its session, even if its family is lost', async () => {
  const { refreshToken, accessToken } = await app.begin();
  const forgetful = await app.rebuild({ families: createMemoryStores().families });

  expect((await forgetful.revoke(refreshToken)).status).toBe(200);
  expect(await forgetful.use(accessToken)).toBe(401);
});

describe('a refresh token under a revoked kid', () => {
  const kidOf = (token: string): string => decodeProtectedHeader(token).kid ?? '';

  test('is rejected and inactive', async () => {
    const { refreshToken, accessToken } = await app.begin();
    expect(kidOf(refreshToken)).not.toBe(kidOf(accessToken));
    await app.revocations.revoke({ kind: 'kid', kid: kidOf(refreshToken) });

    expect(await app.refresh(refreshToken)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect((await app.introspect(refreshToken)).body).toEqual({ active: false });
  });

  test('does not affect other refresh tokens', async () => {
    const { refreshToken, accessToken } = await app.begin();
    await app.revocations.revoke({ kind: 'kid', kid: kidOf(accessToken) });

    expect((await app.refresh(refreshToken)).status).toBe(200);
  });
});

test.each([
  [7_776_000, 7_776_000, false],
  [7_776_001, 7_776_000, true],
  [31_536_000, 31_536_000, false],
])(
  'families of %d s with revocations that are kept for %d s are an error: %s',
  async (absoluteSeconds, maxTokenLifetimeSeconds, isMistake) => {
    const stores = createMemoryStores();
    const revocations = createRevocations({ stores, maxTokenLifetimeSeconds });
    const service = { keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE };
    const apiKeys = await loadFiles(SESSION_KEYS);
    const build = () =>
      tokenRouter({ ...service, apiKeys, stores, revocations, refresh: { absoluteSeconds } });

    if (isMistake) expect(build).toThrow(/raise maxTokenLifetimeSeconds/);
    else expect(build).not.toThrow();
  },
);

test('revoking a refresh token ends the other families of its session, beyond the lifetime of access tokens', async () => {
  const session = { user: 'alice', session_id: 's1' };
  const [first, second] = [await app.begin('sk-demo', session), await app.begin('sk-demo', session)];
  await app.revoke(first.refreshToken);
  app.setTime(NOW + 2 * 86_400);
  await app.revocations.revoke({ kind: 'kid', kid: 'other' });

  expect(app.stores.revocations.size).toBe(1);
  expect((await app.refresh(second.refreshToken, { session_id: 's1' })).status).toBe(400);
});
