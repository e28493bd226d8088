import { beforeEach, describe, expect, test } from '@jest/globals';
import { createSessions } from 'passport-jwe';
import request from 'supertest';
import { rejectionOf } from '../support/caught.js';
import { createUserSessionApp, type UserSessionApp } from '../support/user-session-app.js';

let app: UserSessionApp;

beforeEach(async () => {
  app = await createUserSessionApp();
});

const start = (scope = 'read manage:sessions') => app.userSessions.start({ subject: 'alice', scope });

const post = (path: string, parameters: Record<string, string>) =>
  request(app.app).post(`/oauth/${path}`).set('X-API-Key', 'sk-demo').type('form').send(parameters);

/** Tokens of a user that the API key `demo` asserts. */
async function startForApiKey(): Promise<{ readonly refreshToken: string }> {
  const parameters = { grant_type: 'client_credentials', scope: 'offline_access', user: 'alice' };
  const { body } = await post('token', parameters).expect(200);
  return { refreshToken: String(body.refresh_token) };
}

describe('a refresh token of a user', () => {
  test('is rejected by the token endpoint, and stays usable', async () => {
    const { refreshToken } = await start();
    const { status, body } = await post('token', {
      ...{ grant_type: 'refresh_token', refresh_token: refreshToken },
    });

    expect([status, body.error]).toEqual([400, 'invalid_grant']);
    await app.userSessions.refresh(refreshToken);
  });

  test('cannot be revoked by an API key, and is inactive for it', async () => {
    const { accessToken, refreshToken } = await start();

    for (const token of [accessToken, refreshToken]) {
      expect((await post('revoke', { token })).body.error).toBe('invalid_grant');
      expect((await post('introspect', { token })).body).toEqual({ active: false });
    }
    expect(await app.isAccepted(accessToken)).toBe(true);
    await app.userSessions.refresh(refreshToken);
  });
});

describe('a refresh token of an API key', () => {
  test('starts no session of a user and ends none, and stays usable', async () => {
    const { refreshToken } = await startForApiKey();
    const wrongClient = { code: 'ERR_INVALID_GRANT', reason: 'wrong_client' };

    expect(await rejectionOf(app.userSessions.refresh(refreshToken))).toMatchObject(wrongClient);
    expect(await rejectionOf(app.userSessions.end(refreshToken))).toMatchObject(wrongClient);
    expect(await app.userSessions.list('alice')).toEqual({ sessions: [] });
    await post('token', { grant_type: 'refresh_token', refresh_token: refreshToken }).expect(200);
  });

  test('survives when all sessions of a user of the same name end', async () => {
    const { refreshToken } = await startForApiKey();
    await app.userSessions.endAll('alice');

    await post('token', { grant_type: 'refresh_token', refresh_token: refreshToken }).expect(200);
  });
});

describe('sessionRouter', () => {
  const call = (method: 'get' | 'delete', path: string, token: string) =>
    request(app.app)[method](`/sessions${path}`).auth(token, { type: 'bearer' });

  test('lists the sessions of the user, with the current one marked', async () => {
    const [first, current] = [await start(), await start()];
    await app.userSessions.start({ subject: 'bob' });
    await startForApiKey();
    const { body } = await call('get', '', current.accessToken).expect(200);

    expect(
      Object.fromEntries(
        [body.sessions].flat().map(({ session_id: id, current: isCurrent }) => [id, isCurrent]),
      ),
    ).toEqual({ [first.sessionId]: false, [current.sessionId]: true });
  });

  test('ends one session', async () => {
    const [lost, current] = [await start(), await start()];
    await call('delete', `/${lost.sessionId}`, current.accessToken).expect(204);

    expect(await app.isAccepted(lost.accessToken)).toBe(false);
    expect(await app.isAccepted(current.accessToken)).toBe(true);
  });

  test('ends no session of another user', async () => {
    const bob = await app.userSessions.start({ subject: 'bob' });
    await call('delete', `/${bob.sessionId}`, (await start()).accessToken).expect(204);

    expect(await app.isAccepted(bob.accessToken)).toBe(true);
  });

  test('ends all sessions except the current one', async () => {
    const [one, two, current] = [await start(), await start(), await start()];
    await call('delete', '?keep=current', current.accessToken).expect(204);

    expect(
      await Promise.all([one, two, current].map(({ accessToken }) => app.isAccepted(accessToken))),
    ).toEqual([...[false, false, true]]);
    await app.userSessions.refresh(current.refreshToken);
  });

  test('ends all sessions', async () => {
    const { accessToken, refreshToken } = await start();
    await call('delete', '', accessToken).expect(204);

    expect(await app.isAccepted(accessToken)).toBe(false);
    expect(await rejectionOf(app.userSessions.refresh(refreshToken))).toMatchObject({ reason: 'ended' });
  });

  test('requires its scope', async () => {
    await call('get', '', (await start('read')).accessToken).expect(403);
  });
});

test('createSessions lists the sessions of users by their issuer', async () => {
  const { sessionId } = await start();
  const { stores, revocations, options } = app;
  const { sessions } = await createSessions({ stores, revocations }).list({ clientId: options.issuer });

  expect(sessions).toMatchObject([{ sessionId, subject: 'alice' }]);
});
