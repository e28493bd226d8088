import { beforeAll, describe, expect, test } from '@jest/globals';
import { AUDIENCE } from '../support/tokens.js';
import { type ConformanceApp, createConformanceApp, REPORTS } from './conformance-app.js';

let app: ConformanceApp;

beforeAll(async () => {
  app = await createConformanceApp();
});

/** Request a token of a client with two audiences. @returns the audience of the token, or the error code. */
async function audienceOf(...resources: readonly string[]): Promise<unknown> {
  const { body } = await app.post(
    'token',
    [['grant_type', 'client_credentials'], ...resources.map((resource) => ['resource', resource] as const)],
    'several',
  );
  if (body.error !== undefined) return body.error;
  return (await app.post('introspect', { token: body.access_token }, 'several')).body.aud;
}

describe('RFC 8707 §2, resource parameter', () => {
  test('§2: the value MUST be an absolute URI, so relative references match no audience', async () => {
    const relative = ['reports', '/reports', '//reports.example.com'];

    expect(await Promise.all(relative.map((each) => audienceOf(each)))).toEqual(
      relative.map(() => 'invalid_target'),
    );
  });

  test('§2: the value MUST NOT include a fragment component', async () => {
    expect([await audienceOf(`${REPORTS}#top`), await audienceOf(`${REPORTS}#`)]).toEqual([
      'invalid_target',
      'invalid_target',
    ]);
  });

  test('§2: a client MAY repeat the parameter, but a server that issues one audience rejects different values', async () => {
    expect([await audienceOf(AUDIENCE, REPORTS), await audienceOf(REPORTS, REPORTS)]).toEqual([
      'invalid_target',
      REPORTS,
    ]);
  });

  test('§2: the response to an invalid or unknown resource SHOULD be invalid_target', async () => {
    expect(await audienceOf('https://unknown.example.com')).toBe('invalid_target');
  });

  test('§2: without a resource, the server MAY use a default or reject the request with invalid_target', async () => {
    const only = (await app.obtain()).access_token;

    expect((await app.post('introspect', { token: only }, 'demo')).body.aud).toBe(AUDIENCE);
    expect(await audienceOf()).toBe('invalid_target');
  });
});

describe('RFC 8707 §2.2, access token request', () => {
  const begin = () => app.obtain({ scope: 'offline_access', resource: REPORTS }, 'several');
  const refresh = (token: string, form: Readonly<Record<string, string>>) =>
    app.post('token', { grant_type: 'refresh_token', refresh_token: token, ...form }, 'several');

  test('§2.2: the server SHOULD restrict the audience of the token to the resource', async () => {
    expect([await audienceOf(REPORTS), await audienceOf(AUDIENCE)]).toEqual([REPORTS, AUDIENCE]);
  });

  test('§2.2: the resource of a refresh is one of the original grant', async () => {
    const { refresh_token: token } = await begin();

    expect((await refresh(token, { resource: AUDIENCE })).body.error).toBe('invalid_target');
    expect((await refresh(token, { resource: REPORTS })).status).toBe(200);
  });

  test('§2.2: without a resource, the refreshed token is for the resource of the original grant', async () => {
    const { refresh_token: refreshToken } = await begin();
    const { access_token: token } = (await refresh(refreshToken, {})).body;

    expect((await app.post('introspect', { token }, 'several')).body.aud).toBe(REPORTS);
  });
});
