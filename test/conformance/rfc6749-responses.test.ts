import { beforeEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { type ConformanceApp, createConformanceApp, type Form } from './conformance-app.js';

const CLIENT = { grant_type: 'client_credentials' };

let app: ConformanceApp;

beforeEach(async () => {
  app = await createConformanceApp();
});

const refresh = (
  token: string,
  form: Readonly<Record<string, string>> = {},
  ...client: [string | undefined] | []
) =>
  app.post(
    'token',
    { grant_type: 'refresh_token', refresh_token: token, ...form },
    client.length === 0 ? 'demo' : client[0],
  );

describe('RFC 6749 §4.4, client credentials grant', () => {
  test('§4.4: the grant MUST be used only by confidential clients', async () => {
    const { status, body } = await app.post('token', { ...CLIENT, client_id: 'public' });

    expect([status, body.error]).toEqual([401, 'invalid_client']);
  });

  test('§4.4.2: scope is optional', async () => {
    expect((await app.post('token', CLIENT, 'demo')).status).toBe(200);
  });

  test('§4.4.3: a refresh token SHOULD NOT be included', async () => {
    expect((await app.post('token', CLIENT, 'demo')).body).not.toHaveProperty('refresh_token');
  });
});

describe('RFC 6749 §5.1, successful response', () => {
  test('§5.1: access_token and token_type are REQUIRED, expires_in is RECOMMENDED', async () => {
    const { status, body } = await app.post('token', CLIENT, 'demo');

    expect(status).toBe(200);
    expect(body).toMatchObject({
      access_token: expect.any(String),
      token_type: expect.stringMatching(/^bearer$/i),
      expires_in: expect.any(Number),
    });
  });

  test('§5.1: scope is REQUIRED if it is not identical to the requested scope', async () => {
    expect((await app.post('token', CLIENT, 'demo')).body.scope).toBe('read write');
  });

  test('§5.1: the parameters are the members of a JSON object at the highest level', async () => {
    const answer = await app.post('token', CLIENT, 'demo');

    expect(answer.headers['content-type']).toMatch(/^application\/json(;|$)/);
    expect(Object.values(answer.body).every((value) => typeof value !== 'object')).toBe(true);
  });

  test('§5.1: the response MUST have Cache-Control: no-store and Pragma: no-cache', async () => {
    expect((await app.post('token', CLIENT, 'demo')).headers).toMatchObject({
      'cache-control': 'no-store',
      pragma: 'no-cache',
    });
  });
});

describe('RFC 6749 §5.2, error response', () => {
  const errors: readonly [error: string, form: Form, clientId: string | undefined, status: number][] = [
    ['invalid_request', { scope: 'read' }, 'demo', 400],
    ['invalid_client', CLIENT, undefined, 401],
    ['invalid_grant', { grant_type: 'refresh_token', refresh_token: 'unknown' }, 'demo', 400],
    [
      'unauthorized_client',
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: 'a',
        subject_token_type: 'b',
      },
      'demo',
      400,
    ],
    ['unsupported_grant_type', { grant_type: 'password' }, 'demo', 400],
    ['invalid_scope', { ...CLIENT, scope: 'admin' }, 'demo', 400],
  ];

  test.each(errors)('§5.2: the error code is %s', async (error, form, clientId, status) => {
    const answer = await app.post('token', form, clientId);

    expect([answer.status, answer.body.error]).toEqual([status, error]);
  });

  test('§5.2: error and error_description MUST NOT include characters outside %x20-21 / %x23-5B / %x5D-7E', async () => {
    const answers = await Promise.all(errors.map(([, form, clientId]) => app.post('token', form, clientId)));
    const values = answers.flatMap(({ body }): unknown[] => Object.values(body));

    expect(values.filter((value) => !/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/.test(String(value)))).toEqual([]);
  });

  test('§5.2: error responses are JSON, and caches do not store them', async () => {
    const answers = await Promise.all(errors.map(([, form, clientId]) => app.post('token', form, clientId)));
    const headers = answers.map((answer) => [
      answer.headers['content-type'],
      answer.headers['cache-control'],
    ]);

    expect(headers).toEqual(errors.map(() => ['application/json; charset=utf-8', 'no-store']));
  });

  test.each([
    ['Basic', `Basic ${Buffer.from('demo:wrong').toString('base64')}`],
    ['Bearer', 'Bearer wrong'],
  ])(
    '§5.2: after a failure with %s, the server MUST respond with 401 and the same scheme',
    async (scheme, value) => {
      const sent = request(app.app).post('/oauth/token').type('form').set('Authorization', value);
      const answer = await sent.send('grant_type=client_credentials');

      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(new RegExp(`^${scheme} `));
    },
  );
});

describe('RFC 6749 §6, refreshing an access token', () => {
  const begin = (scope = 'read write offline_access', clientId = 'demo') =>
    app.obtain({ scope, device_id: 'd1' }, clientId);
  const sameDevice = { device_id: 'd1' };

  test('§6: confidential clients MUST authenticate', async () => {
    const { refresh_token: token } = await begin();
    const { status, body } = await refresh(token, { ...sameDevice, client_id: 'demo' }, undefined);

    expect([status, body.error]).toEqual([401, 'invalid_client']);
  });

  test('§6: the server MUST ensure that the refresh token was issued to the authenticated client', async () => {
    const { refresh_token: token } = await begin();
    const { status, body } = await refresh(token, sameDevice, 'other');

    expect([status, body.error]).toEqual([400, 'invalid_grant']);
  });

  test('§6: the server MUST validate the refresh token', async () => {
    const { refresh_token: token } = await begin();
    const { status, body } = await refresh(`${token}A`, sameDevice);

    expect([status, body.error]).toEqual([400, 'invalid_grant']);
  });

  test('§6: refresh_token is REQUIRED', async () => {
    const { status, body } = await app.post('token', { grant_type: 'refresh_token' }, 'demo');

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test('§6: the requested scope MUST NOT include a scope that was not originally granted', async () => {
    const { refresh_token: token } = await begin('read offline_access');
    const { status, body } = await refresh(token, { ...sameDevice, scope: 'read write' });

    expect([status, body.error]).toEqual([400, 'invalid_scope']);
  });

  test('§6: an omitted scope is equal to the scope that was originally granted', async () => {
    const { refresh_token: token } = await begin('write offline_access');
    const { access_token: second } = (await refresh(token, sameDevice)).body;

    expect((await app.post('introspect', { token: second }, 'demo')).body.scope).toBe('write');
  });

  test('§6: the scope of a new refresh token MUST be identical to that of the refresh token in the request', async () => {
    const { refresh_token: first } = await begin();
    const { refresh_token: second } = (await refresh(first, { ...sameDevice, scope: 'read' })).body;
    const { status, body } = await refresh(second, { ...sameDevice, scope: 'write' });

    expect([status, body.scope.split(' ')]).toEqual([200, expect.arrayContaining(['write'])]);
  });

  test('§6: the client MUST discard the old refresh token, and the server MAY revoke it', async () => {
    const { refresh_token: first } = await begin();
    const second = (await refresh(first, sameDevice)).body;
    await refresh(second.refresh_token, sameDevice);

    expect((await refresh(first, sameDevice)).body.error).toBe('invalid_grant');
  });

  test('§6: public clients refresh with client_id alone', async () => {
    const { refresh_token: token } = await begin('read offline_access', 'public');

    expect((await refresh(token, { ...sameDevice, client_id: 'public' }, undefined)).status).toBe(200);
  });
});
