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
    'describes a live token to %s, without the claims for its audience',
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

  test('describes a live refresh token to its client', async () => {
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

  test('reports a token of another client as inactive', async () => {
    expect((await app.introspect((await app.begin()).accessToken, 'sk-other')).body).toEqual(INACTIVE);
  });

  test.each([
    ['was revoked', async (token: string) => void (await app.revoke(token))],
    ['expired', async () => app.setTime(NOW + 700)],
  ])('reports a token that %s as inactive', async (_name, end) => {
    const { accessToken } = await app.begin();
    await end(accessToken);

    expect((await app.introspect(accessToken)).body).toEqual(INACTIVE);
  });

  test('reports a consumed or ended refresh token as inactive', async () => {
    const first = await app.begin();
    const second = await app.refresh(first.refreshToken);
    expect((await app.introspect(first.refreshToken)).body).toEqual(INACTIVE);
    await app.revoke(second.refreshToken);

    expect((await app.introspect(second.refreshToken)).body).toEqual(INACTIVE);
  });

  test.each(['x', 'a.b.c.d.e', 'x'.repeat(9000)])(
    'reports a malformed token as inactive: %#',
    async (token) => {
      expect((await app.introspect(token)).body).toEqual(INACTIVE);
    },
  );

  test('requires a token and an authenticated client', async () => {
    expect(await app.introspect('')).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    expect(await app.introspect('x', 'sk-nobody')).toMatchObject({ status: 401 });
  });
});
