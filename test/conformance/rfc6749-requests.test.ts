import { beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { AUDIENCE } from '../support/tokens.js';
import { type ConformanceApp, createConformanceApp } from './conformance-app.js';

const CLIENT = 'grant_type=client_credentials';
const CREDENTIALS = 'client_id=demo&client_secret=secret-of-demo';

let app: ConformanceApp;

beforeAll(async () => {
  app = await createConformanceApp();
});

const post = (body: string, path = '/oauth/token') => request(app.app).post(path).type('form').send(body);

describe('RFC 6749 §2.3, client authentication', () => {
  test('§2.3: the client MUST NOT use more than one authentication method in each request', async () => {
    const { status, body } = await post(`${CLIENT}&${CREDENTIALS}`).auth('demo', 'secret-of-demo');

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test('§2.3: the server MUST NOT rely on public client authentication to identify the client', async () => {
    const { status, body } = await post(`${CLIENT}&client_id=public`);

    expect([status, body.error]).toEqual([401, 'invalid_client']);
  });

  test('§2.3.1: the server MUST support HTTP Basic for clients with a password', async () => {
    expect((await post(CLIENT).auth('demo', 'secret-of-demo')).status).toBe(200);
  });

  test('§2.3.1: the user name and the password of HTTP Basic are form-encoded', async () => {
    expect((await post(CLIENT).auth('%64emo', 'secret%2Dof-demo')).status).toBe(200);
  });

  test('§2.3.1: the server MAY accept the credentials in the body', async () => {
    expect((await post(`${CLIENT}&${CREDENTIALS}`)).status).toBe(200);
  });

  test('§2.3.1: the credentials MUST NOT be included in the request URI', async () => {
    const { status, body } = await post(CLIENT, `/oauth/token?${CREDENTIALS}`);

    expect([status, body.error]).toEqual([401, 'invalid_client']);
  });

  test('§2.3.1: the server MUST protect the endpoint against brute force', async () => {
    const throttled = await createConformanceApp({ throttle: { failuresPerMinute: 1 } });
    const guess = () =>
      request(throttled.app).post('/oauth/token').type('form').auth('demo', 'guess').send(CLIENT);
    const statuses = [(await guess()).status, (await guess()).status];

    expect(statuses).toEqual([401, 429]);
  });
});

describe('RFC 6749 §3.2, token endpoint', () => {
  test('§3.2: the client MUST use the method POST', async () => {
    const answer = await request(app.app).get(`/oauth/token?${CLIENT}`).auth('demo', 'secret-of-demo');

    expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST']);
  });

  test('§3.2: the endpoint URI MAY include a query component', async () => {
    const answer = await post(CLIENT, '/oauth/token?tenant=acme').auth('demo', 'secret-of-demo');

    expect(answer.status).toBe(200);
  });

  test('§3.2: parameters without a value MUST be treated as if they were omitted', async () => {
    const { status, body } = await post(`${CLIENT}&scope=&audience=&user=&${CREDENTIALS}`);

    expect([status, body.scope]).toEqual([200, 'read write']);
  });

  test('§3.2: an empty client_secret is omitted, so it is no second authentication method', async () => {
    const answer = await post(`${CLIENT}&client_id=demo&client_secret=`).auth('demo', 'secret-of-demo');

    expect(answer.status).toBe(200);
  });

  test('§3.2: a required parameter without a value is missing', async () => {
    const { status, body } = await post(`grant_type=&${CREDENTIALS}`);

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test('§3.2: the server MUST ignore unrecognized request parameters', async () => {
    expect((await post(`${CLIENT}&foo=1&foo=2&${CREDENTIALS}`)).status).toBe(200);
  });

  test('§3.2: request parameters MUST NOT be included more than once', async () => {
    const repeated = [CLIENT, 'scope=read&scope=read', 'client_id=demo', 'client_secret=secret-of-demo'];
    const answers = await Promise.all(
      repeated.map(async (parameters) => {
        const { status, body } = await post(`${CLIENT}&${CREDENTIALS}&${parameters}`);
        return `${parameters}: ${status} ${body.error}`;
      }),
    );

    expect(answers).toEqual(repeated.map((parameters) => `${parameters}: 400 invalid_request`));
  });

  test('§3.2: response parameters MUST NOT be included more than once', async () => {
    const { text } = await post(`${CLIENT}&${CREDENTIALS}`);
    const names = [...text.matchAll(/"(\w+)":/g)].map(([, name]) => name);

    expect(names).toEqual([...new Set(names)]);
  });

  test('§3.2.1: confidential clients MUST authenticate', async () => {
    const answers = [await post(CLIENT), await post(`${CLIENT}&client_id=demo`)];

    expect(answers.map(({ status }) => status)).toEqual([401, 401]);
  });
});

describe('RFC 6749 §3.3, access token scope', () => {
  const scopeOf = async (scope: string) => {
    const { status, body } = await app.post('token', { grant_type: 'client_credentials', scope }, 'demo');
    return status === 200 ? body.scope.split(' ').sort().join(' ') : body.error;
  };

  test('§3.3: the order of the scope tokens does not matter', async () => {
    expect(await scopeOf('write read')).toBe(await scopeOf('read write'));
  });

  test('§3.3: scope tokens are case-sensitive', async () => {
    expect(await scopeOf('Read')).toBe('invalid_scope');
  });

  test('§3.3: a scope token MUST NOT contain a quote, a backslash or a control character', async () => {
    const malformed = ['re"ad', 're\\ad', 're\tad', 'r\u00e9ad'];
    const answers = await Promise.all(malformed.map(scopeOf));

    expect(answers).toEqual(malformed.map(() => 'invalid_scope'));
  });

  test('§3.3: the server MUST include the scope if it differs from the requested scope', async () => {
    const { body } = await app.post('token', { grant_type: 'client_credentials' }, 'demo');

    expect(body.scope).toBe('read write');
  });

  test('§3.3: the server MAY ignore a part of the requested scope, and then MUST include the issued scope', async () => {
    const narrowing = await createConformanceApp({ surplusScopes: 'narrow' });
    const form = { grant_type: 'client_credentials', scope: 'read admin' };
    const { body } = await narrowing.post('token', form, 'demo');

    expect(body.scope).toBe('read');
  });

  test('§3.3: without a requested scope, the server MUST use a default or fail', async () => {
    const { access_token: token } = await app.obtain({ audience: AUDIENCE });
    const { body } = await app.post('introspect', { token }, 'demo');

    expect(body.scope).toBe('read write');
  });
});
