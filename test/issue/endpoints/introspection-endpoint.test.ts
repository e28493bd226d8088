import { beforeEach, describe, expect, test } from '@jest/globals';
import { createSessionApp, SESSION_KEYS, type SessionApp } from '../../support/session-app.js';
import { AUDIENCE, ISSUER, NOW } from '../../support/tokens.js';

const FILES = {
  ...SESSION_KEYS,
  'model.yaml':
    'api_key: sk-model\nkey_id: model\nname: Model\ntype: tiered_model_exec\npermissions: [read]\nmetadata: { tier: gold }\nrate_limits: {}\nmodels: [{ name: m, endpoint: "echo:" }]\n',
  'api.yaml': `api_key: sk-api\nkey_id: api\nname: API\ntype: api_call\nrate_limits: {}\nintrospects: [${AUDIENCE}]\n`,
};

let app: SessionApp;

beforeEach(async () => {
  app = await createSessionApp(FILES);
});

const INACTIVE = { active: false };

describe('POST /oauth/introspect', () => {
  test.each(['sk-model', 'sk-api'])(
    'tells %s of a live token, and of what in it is for others',
    async (key) => {
      const { accessToken } = await app.begin('sk-model');
      const answer = await app.introspect(accessToken, key);

      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body).toEqual({
        active: true,
        token_type: 'Bearer',
        iss: ISSUER,
        sub: 'model',
        aud: AUDIENCE,
        exp: NOW + 600,
        nbf: NOW,
        iat: NOW,
        jti: expect.any(String),
        client_id: 'model',
        scope: 'read',
        type: 'tiered_model_exec',
      });
    },
  );

  test('tells the client that it was issued to of a live refresh token', async () => {
    const { refreshToken } = await app.begin('sk-model');

    expect((await app.introspect(refreshToken, 'sk-model')).body).toEqual({
      active: true,
      sub: 'model',
      client_id: 'model',
      scope: 'read',
      exp: NOW + 2_592_000,
    });
    expect((await app.introspect(refreshToken, 'sk-api')).body).toEqual(INACTIVE);
  });

  test('tells nothing of a token of another client', async () => {
    expect((await app.introspect((await app.begin()).accessToken, 'sk-other')).body).toEqual(INACTIVE);
  });

  test.each([
    ['was revoked', async (token: string) => void (await app.revoke(token))],
    ['expired', async () => app.setTime(NOW + 700)],
  ])('tells nothing of a token that %s', async (_name, end) => {
    const { accessToken } = await app.begin();
    await end(accessToken);

    expect((await app.introspect(accessToken)).body).toEqual(INACTIVE);
  });

  test('tells nothing of a refresh token that was consumed or ended', async () => {
    const first = await app.begin();
    const second = await app.refresh(first.refreshToken);
    expect((await app.introspect(first.refreshToken)).body).toEqual(INACTIVE);
    await app.revoke(second.refreshToken);

    expect((await app.introspect(second.refreshToken)).body).toEqual(INACTIVE);
  });

  test.each(['x', 'a.b.c.d.e', 'x'.repeat(9000)])('tells nothing of what is no token: %#', async (token) => {
    expect((await app.introspect(token)).body).toEqual(INACTIVE);
  });

  test('wants a token, and a client that authenticates', async () => {
    expect(await app.introspect('')).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(await app.introspect('x', 'sk-nobody')).toMatchObject({ status: 401 });
  });
});
