import { beforeEach, describe, expect, test } from '@jest/globals';
import { AccessDeniedError, createUserSessions, TemporarilyUnavailableError } from 'passport-jwe';
import type { Stores } from 'passport-jwe/stores';
import { createBrokenAudit } from '../support/audit-recorder.js';
import { rejectionOf } from '../support/caught.js';
import { describeOnDrivers } from '../support/drivers.js';
import { AUDIENCE, ISSUER, NOW } from '../support/tokens.js';
import { createUserSessionApp, type UserSessionApp } from '../support/user-session-app.js';

/** Longer than the grace window. */
const LATER = 11;

const ALICE = { subject: 'alice', scope: 'read write' };

const invalidGrant = (reason: string) => ({ name: 'InvalidGrantError', code: 'ERR_INVALID_GRANT', reason });

describeOnDrivers('sessions of users', (open) => {
  let app: UserSessionApp;
  let tenant: string | undefined;

  beforeEach(async () => {
    tenant = 'acme';
    app = await createUserSessionApp(open, () => (tenant === undefined ? undefined : { tenant }));
  });

  const start = (subject = 'alice', deviceId = 'phone') =>
    app.userSessions.start({ ...ALICE, subject, deviceId, ip: '192.0.2.1' });

  test('start with an access token and a refresh token', async () => {
    const tokens = await start('Zoë 李雷');
    const { type, claims } = await app.verify(tokens.accessToken);

    expect(tokens).toEqual({
      ...{ accessToken: expect.any(String), refreshToken: expect.any(String), sessionId: expect.any(String) },
      ...{ expiresInSeconds: 900, scope: 'read write' },
    });
    expect(type).toBe('user');
    expect(claims).toEqual({
      ...{ type: 'user', iss: ISSUER, sub: 'Zoë 李雷', aud: AUDIENCE, client_id: ISSUER, tenant: 'acme' },
      ...{ iat: NOW, nbf: NOW, exp: NOW + 900, jti: expect.any(String) },
      ...{ scope: 'read write', session_id: tokens.sessionId },
    });
  });

  test('are refreshed with current claims', async () => {
    const first = await start();
    app.pass(900);
    tenant = 'other';
    const second = await app.userSessions.refresh(first.refreshToken);

    expect(second).toMatchObject({ sessionId: first.sessionId, scope: 'read write', expiresInSeconds: 900 });
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect((await app.verify(second.accessToken)).claims['tenant']).toBe('other');
  });

  test('yield the same successor within the grace window', async () => {
    const { refreshToken } = await start();
    const second = await app.userSessions.refresh(refreshToken);
    app.pass(LATER - 1);
    const repeated = await app.userSessions.refresh(refreshToken);

    expect(repeated.refreshToken).toBe(second.refreshToken);
  });

  test('end if a refresh token is used again, with all their tokens', async () => {
    const first = await start();
    const other = await start();
    const second = await app.userSessions.refresh(first.refreshToken);
    app.pass(LATER);

    expect(await rejectionOf(app.userSessions.refresh(first.refreshToken))).toMatchObject(
      invalidGrant('reused'),
    );
    expect(await rejectionOf(app.userSessions.refresh(second.refreshToken))).toMatchObject(
      invalidGrant('ended'),
    );
    expect(await app.isAccepted(second.accessToken)).toBe(false);
    expect(await app.isAccepted(other.accessToken)).toBe(true);
  });

  test('end once the user may no longer sign in', async () => {
    const { accessToken, refreshToken } = await start();
    tenant = undefined;

    expect(await rejectionOf(app.userSessions.refresh(refreshToken))).toMatchObject(invalidGrant('no_user'));
    expect(await app.isAccepted(accessToken)).toBe(false);
    expect(await app.userSessions.list('alice')).toEqual({ sessions: [] });
    tenant = 'acme';
    expect(await rejectionOf(app.userSessions.refresh(refreshToken))).toMatchObject(invalidGrant('ended'));
  });

  test('are listed, the most recently used first', async () => {
    const first = await start('alice', 'phone');
    const second = await start('alice', 'laptop');
    await start('bob');
    app.pass(60);
    await app.userSessions.refresh(first.refreshToken);
    const { sessions } = await app.userSessions.list('alice');

    expect(sessions).toMatchObject([
      {
        sessionId: first.sessionId,
        clientId: ISSUER,
        subject: 'alice',
        deviceId: 'phone',
        scope: 'read write',
      },
      { sessionId: second.sessionId, deviceId: 'laptop', audience: AUDIENCE, createdAt: NOW },
    ]);
  });

  test('are listed page by page', async () => {
    for (const deviceId of ['a', 'b', 'c']) await start('alice', deviceId);
    const { sessions: first, next = '' } = await app.userSessions.list('alice', { limit: 2 });
    const { sessions: second } = await app.userSessions.list('alice', { after: next });

    expect([...first, ...second].map(({ deviceId }) => deviceId).sort()).toEqual(['a', 'b', 'c']);
  });

  test.each([
    ['by a refresh token', (tokens: Tokens) => tokens.refreshToken],
    ['by subject and session', ({ sessionId }: Tokens) => ({ subject: 'alice', sessionId })],
  ])('end %s', async (_, named) => {
    const [tokens, other] = [await start(), await start()];
    await app.userSessions.end(named(tokens));

    expect(await app.isAccepted(tokens.accessToken)).toBe(false);
    expect(await rejectionOf(app.userSessions.refresh(tokens.refreshToken))).toMatchObject(
      invalidGrant('ended'),
    );
    expect(await app.isAccepted(other.accessToken)).toBe(true);
    await app.userSessions.refresh(other.refreshToken);
  });

  test('end by a consumed refresh token too, and a second end changes nothing', async () => {
    const { refreshToken } = await start();
    const { accessToken } = await app.userSessions.refresh(refreshToken);
    await app.userSessions.end(refreshToken);
    await app.userSessions.end(refreshToken);

    expect(await app.isAccepted(accessToken)).toBe(false);
  });

  test('end as listed', async () => {
    const { accessToken } = await start();
    const { sessions } = await app.userSessions.list('alice');
    for (const session of sessions) await app.userSessions.end(session);

    expect(await app.isAccepted(accessToken)).toBe(false);
  });

  test('end all at once, but not those of other users', async () => {
    const [one, two, other] = [await start(), await start(), await start('bob')];

    expect(await app.userSessions.endAll('alice')).toBe(2);
    expect(
      await Promise.all([one, two, other].map(({ accessToken }) => app.isAccepted(accessToken))),
    ).toEqual([...[false, false, true]]);
  });

  test('end all but one', async () => {
    const [one, two] = [await start(), await start()];

    expect(await app.userSessions.endAll('alice', { keep: two.sessionId })).toBe(1);
    expect(await app.isAccepted(one.accessToken)).toBe(false);
    expect(await app.isAccepted(two.accessToken)).toBe(true);
    await app.userSessions.refresh(two.refreshToken);
  });
});

type Tokens = Awaited<ReturnType<UserSessionApp['userSessions']['start']>>;

describe('the scope of a refresh', () => {
  test('narrows the access token, but not later ones', async () => {
    const { userSessions } = await createUserSessionApp();
    const { refreshToken } = await userSessions.start(ALICE);
    const narrow = await userSessions.refresh(refreshToken, { scope: ['read'] });
    const full = await userSessions.refresh(narrow.refreshToken);

    expect([narrow.scope, full.scope]).toEqual(['read', 'read write']);
  });

  test('must be repeated within the grace window', async () => {
    const { userSessions } = await createUserSessionApp();
    const { refreshToken } = await userSessions.start(ALICE);
    await userSessions.refresh(refreshToken, { scope: 'read' });

    expect(await rejectionOf(userSessions.refresh(refreshToken))).toMatchObject(invalidGrant('wrong_scope'));
    await userSessions.refresh(refreshToken, { scope: ['read'] });
  });

  test.each(['read admin', 'read  write', '"'])('rejects %j and leaves the token usable', async (scope) => {
    const { userSessions } = await createUserSessionApp();
    const { refreshToken } = await userSessions.start(ALICE);

    expect(await rejectionOf(userSessions.refresh(refreshToken, { scope }))).toMatchObject({
      ...{ name: 'InvalidScopeError', status: 400, error: 'invalid_scope' },
    });
    await userSessions.refresh(refreshToken);
  });
});

describe('the claims hook', () => {
  test('receives the user, at the start and at each refresh', async () => {
    const seen: unknown[] = [];
    const { userSessions } = await createUserSessionApp(undefined, (user) => {
      seen.push(user);
      return {};
    });
    const { refreshToken, sessionId } = await userSessions.start({ ...ALICE, deviceId: 'phone' });
    await userSessions.refresh(refreshToken, { scope: 'read' });

    expect(seen).toEqual([
      { subject: 'alice', scope: ['read', 'write'], sessionId, deviceId: 'phone' },
      { subject: 'alice', scope: ['read'], sessionId, deviceId: 'phone' },
    ]);
  });

  test('prevents a session if it returns undefined', async () => {
    const { userSessions } = await createUserSessionApp(undefined, () => undefined);

    expect(await rejectionOf(userSessions.start(ALICE))).toMatchObject(invalidGrant('no_user'));
    expect(await userSessions.list('alice')).toEqual({ sessions: [] });
  });

  test('leaves the refresh token usable if it fails', async () => {
    let failure: Error | undefined;
    const { userSessions } = await createUserSessionApp(undefined, () => {
      if (failure !== undefined) throw failure;
      return {};
    });
    const { refreshToken } = await userSessions.start(ALICE);
    failure = new Error('no connection');
    expect(await rejectionOf(userSessions.refresh(refreshToken))).toEqual(
      new Error('createUserSessions: the claims hook failed: see the cause of this error'),
    );
    failure = new AccessDeniedError();
    expect(await rejectionOf(userSessions.refresh(refreshToken))).toBe(failure);
    failure = undefined;

    await userSessions.refresh(refreshToken);
  });
});

describe('a refresh token of a user', () => {
  test.each(['', 'x', 'a.b.c.d.e', 'x'.repeat(5000)])('is rejected if it is malformed: %#', async (token) => {
    const { userSessions } = await createUserSessionApp();

    expect(await rejectionOf(userSessions.refresh(token))).toMatchObject(invalidGrant('malformed'));
    expect(await rejectionOf(userSessions.end(token))).toMatchObject(invalidGrant('malformed'));
  });

  test('is no access token, and an access token is no refresh token', async () => {
    const { userSessions, isAccepted } = await createUserSessionApp();
    const { accessToken, refreshToken } = await userSessions.start(ALICE);

    expect(await isAccepted(refreshToken)).toBe(false);
    expect(await rejectionOf(userSessions.refresh(accessToken))).toMatchObject(invalidGrant('malformed'));
  });

  test('expires if it is not used', async () => {
    const { userSessions, options, pass } = await createUserSessionApp();
    const brief = createUserSessions({ ...options, refresh: { idleSeconds: 60, absoluteSeconds: 60 } });
    const { refreshToken } = await brief.start(ALICE);
    pass(60);

    expect(await rejectionOf(userSessions.refresh(refreshToken))).toMatchObject(invalidGrant('expired'));
  });

  test('yields no token for another audience', async () => {
    const { userSessions, options } = await createUserSessionApp();
    const elsewhere = createUserSessions({ ...options, audience: 'https://admin.example.com' });
    const { refreshToken } = await userSessions.start(ALICE);

    expect(await rejectionOf(elsewhere.refresh(refreshToken))).toMatchObject(invalidGrant('revoked'));
    await userSessions.refresh(refreshToken);
  });

  test('ends with the revocation of its user', async () => {
    const { userSessions, revocations } = await createUserSessionApp();
    const { refreshToken } = await userSessions.start(ALICE);
    await revocations.revoke({ kind: 'subject', clientId: ISSUER, subject: 'alice' });

    expect(await rejectionOf(userSessions.refresh(refreshToken))).toMatchObject(invalidGrant('revoked'));
  });
});

describe('an outage', () => {
  const broken = () => Promise.reject(new TemporarilyUnavailableError());
  const withoutFamilies = (stores: Stores) => ({
    families: { insert: broken, find: broken, replace: broken, list: broken },
    revocations: stores.revocations,
  });

  test('rejects every method with TemporarilyUnavailableError', async () => {
    const { userSessions, options, stores } = await createUserSessionApp();
    const { refreshToken, sessionId } = await userSessions.start(ALICE);
    const during = createUserSessions({ ...options, stores: withoutFamilies(stores) });
    const attempts = [
      ...[during.start(ALICE), during.refresh(refreshToken), during.list('alice')],
      ...[during.end(refreshToken), during.end({ subject: 'alice', sessionId }), during.endAll('alice')],
    ];

    for (const attempt of attempts)
      expect(await rejectionOf(attempt)).toBeInstanceOf(TemporarilyUnavailableError);
  });

  test('of the store leaves the refresh token usable', async () => {
    const { userSessions, options, stores } = await createUserSessionApp();
    const { refreshToken } = await userSessions.start(ALICE);
    await rejectionOf(
      createUserSessions({ ...options, stores: withoutFamilies(stores) }).refresh(refreshToken),
    );

    await userSessions.refresh(refreshToken);
  });

  test('of a required audit sink leaves the refresh token usable', async () => {
    const { userSessions, options } = await createUserSessionApp();
    const { refreshToken } = await userSessions.start(ALICE);
    const unrecorded = createUserSessions({ ...options, audit: createBrokenAudit() });

    expect(await rejectionOf(unrecorded.refresh(refreshToken))).toBeInstanceOf(TemporarilyUnavailableError);
    await userSessions.refresh(refreshToken);
  });
});

test('audit events name the issuer as the client', async () => {
  const { userSessions, records } = await createUserSessionApp();
  const { refreshToken, sessionId } = await userSessions.start({ ...ALICE, ip: '192.0.2.1' });
  await rejectionOf(userSessions.refresh('x', { ip: '192.0.2.9' }));
  await userSessions.end(refreshToken);
  const session = { clientId: ISSUER, subject: 'alice', sessionId };

  expect(records).toMatchObject([
    { type: 'token.issued', tokenType: 'user', subjectAsserted: false, ip: '192.0.2.1', ...session },
    { type: 'session.started', ip: '192.0.2.1', ...session },
    { type: 'token.issued', tokenType: 'refresh', ...session },
    { type: 'issuance.refused', code: 'ERR_INVALID_GRANT', reason: 'malformed', ip: '192.0.2.9', count: 1 },
    { type: 'session.ended', reason: 'revoked', ...session },
  ]);
});
