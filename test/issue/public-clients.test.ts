import { beforeEach, describe, expect, test } from '@jest/globals';
import { createSessionApp, SESSION_KEYS, type SessionApp } from '../support/session-app.js';

const DEMO = String(SESSION_KEYS['demo.yaml']);
const INVALID_GRANT = { status: 400, body: { error: 'invalid_grant' } };
const NAMED = { client_id: 'demo' };

let confidential: SessionApp;
let turnedPublic: SessionApp;

beforeEach(async () => {
  confidential = await createSessionApp();
  turnedPublic = await confidential.rebuild({
    files: { ...SESSION_KEYS, 'demo.yaml': `${DEMO}refresh_tokens: public\n` },
  });
});

describe('a family without a device, once its key is public,', () => {
  test('is not refreshed by a client without a secret', async () => {
    const { refreshToken } = await confidential.begin();

    expect(await turnedPublic.refresh(refreshToken, NAMED, undefined)).toMatchObject(INVALID_GRANT);
    expect(turnedPublic.records).toContainEqual(
      expect.objectContaining({ type: 'issuance.refused', reason: 'no_device', clientAsserted: true }),
    );
  });

  test('is not refreshed by a client without a secret that names its session', async () => {
    const { refreshToken } = await confidential.begin('sk-demo', { session_id: 's1' });
    const named = { ...NAMED, session_id: 's1' };

    expect(await turnedPublic.refresh(refreshToken, named, undefined)).toMatchObject(INVALID_GRANT);
  });

  test('is not refreshed by a client without a secret that invents a device', async () => {
    const { refreshToken } = await confidential.begin();
    const named = { ...NAMED, device_id: 'd1' };

    expect(await turnedPublic.refresh(refreshToken, named, undefined)).toMatchObject(INVALID_GRANT);
  });

  test('does not repeat its last response to a client without a secret', async () => {
    const { refreshToken } = await confidential.begin();
    await confidential.refresh(refreshToken);

    expect(await turnedPublic.refresh(refreshToken, NAMED, undefined)).toMatchObject(INVALID_GRANT);
  });

  test('is refreshed by a client with its secret, and was not changed by one without', async () => {
    const { refreshToken } = await confidential.begin();
    for (let attempt = 0; attempt < 6; attempt += 1) {
      await turnedPublic.refresh(refreshToken, NAMED, undefined);
    }

    expect((await turnedPublic.refresh(refreshToken)).status).toBe(200);
  });
});

describe('a public client, with its client_id alone,', () => {
  const device = { client_id: 'device' };
  const begin = () => confidential.begin('sk-device', { device_id: 'd1' });

  test('gets no token without a refresh token (RFC 6749 §4.4.2)', async () => {
    const parameters = { ...device, grant_type: 'client_credentials', scope: '' };
    const answer = await confidential.refresh('x', parameters, undefined);

    expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_client' } });
  });

  test('revokes its refresh token, with the access tokens of the session (RFC 7009 §2.1)', async () => {
    const { refreshToken, accessToken } = await begin();

    expect(await confidential.revoke(refreshToken, undefined, device)).toMatchObject({
      status: 200,
      body: {},
    });
    expect((await confidential.refresh(refreshToken, {}, 'sk-device')).status).toBe(400);
    expect(await confidential.use(accessToken)).toBe(401);
  });

  test('gets the same response for an unknown token', async () => {
    expect((await confidential.revoke('x', undefined, device)).status).toBe(200);
  });

  test('does not revoke the refresh token of another client', async () => {
    const { refreshToken } = await confidential.begin();

    expect(await confidential.revoke(refreshToken, undefined, device)).toMatchObject(INVALID_GRANT);
    expect((await confidential.refresh(refreshToken)).status).toBe(200);
  });

  test('does not learn whether an access token is valid', async () => {
    const { accessToken } = await begin();
    const altered = accessToken.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'));
    const answers = [];
    for (const token of [accessToken, altered])
      answers.push(await confidential.revoke(token, undefined, device));

    expect(answers[1]).toMatchObject({ status: answers[0]?.status, body: answers[0]?.body });
  });

  test('does not revoke an access token', async () => {
    const { accessToken } = await begin();

    expect(await confidential.revoke(accessToken, undefined, device)).toMatchObject({
      status: 400,
      body: { error: 'unsupported_token_type' },
    });
    expect(await confidential.use(accessToken)).toBe(200);
  });

  test.each(['demo', 'off', 'nobody'])(
    'revokes nothing as %s, which has no public clients',
    async (clientId) => {
      const { refreshToken } = await confidential.begin();

      expect(await confidential.revoke(refreshToken, undefined, { client_id: clientId })).toMatchObject({
        status: 401,
        body: { error: 'invalid_client' },
      });
    },
  );
});

test('a family with a device is refreshed by a public client that names it, though it began as a confidential one', async () => {
  const { refreshToken } = await confidential.begin('sk-demo', { device_id: 'd1' });
  const named = { ...NAMED, device_id: 'd1' };

  expect((await turnedPublic.refresh(refreshToken, named, undefined)).status).toBe(200);
});
