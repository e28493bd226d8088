import { beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { NOW } from '../support/tokens.js';
import { type ConformanceApp, createConformanceApp } from './conformance-app.js';

let app: ConformanceApp;
let token = '';

beforeAll(async () => {
  app = await createConformanceApp();
  token = (await app.obtain({ scope: 'read' })).access_token;
});

const get = (authorization: string, path = '/guarded') =>
  request(app.app).get(path).set('Authorization', authorization);
const postForm = (form: string, type = 'application/x-www-form-urlencoded') =>
  request(app.app).post('/guarded').set('Content-Type', type).send(form);

describe('RFC 6750 §2, authenticated requests', () => {
  test('§2: clients MUST NOT use more than one method to transmit the token', async () => {
    const other = (await app.obtain({ scope: 'read' })).access_token;
    const { status, body } = await postForm(`access_token=${other}`).set('Authorization', `Bearer ${token}`);

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test('§2.1: resource servers MUST support the Authorization header', async () => {
    expect((await get(`Bearer ${token}`)).status).toBe(200);
  });

  test('§2.1: the name of the scheme is case-insensitive (RFC 9110 §11.1)', async () => {
    expect((await get(`bEARER ${token}`)).status).toBe(200);
  });

  test('§2.1: the credentials are one b64token', async () => {
    const malformed = ['Bearer', 'Bearer a b', `Bearer ${token}, x=y`, 'Bearer "quoted"'];
    const statuses = await Promise.all(malformed.map(async (value) => (await get(value)).status));

    expect(statuses).toEqual(malformed.map(() => 400));
  });

  test('§2.2: the token MAY be the form parameter access_token', async () => {
    expect((await postForm(`access_token=${token}`)).status).toBe(200);
  });

  test('§2.2: the Content-Type MUST be application/x-www-form-urlencoded', async () => {
    const json = postForm(JSON.stringify({ access_token: token }), 'application/json');

    expect((await json).status).toBe(401);
  });

  test('§2.2: the body MUST be single-part', async () => {
    const multipart = request(app.app).post('/guarded').field('access_token', token);

    expect((await multipart).status).toBe(401);
  });

  test('§2.2: the method GET MUST NOT be used', async () => {
    const answer = await request(app.app).get('/guarded').type('form').send(`access_token=${token}`);

    expect(answer.status).toBe(401);
  });

  test('§2.3: the URI query parameter SHOULD NOT be used, so the server ignores it', async () => {
    expect((await request(app.app).get(`/guarded?access_token=${token}`)).status).toBe(401);
  });
});

/** Every failure that has a challenge, with the expected status and error code. */
const FAILURES: readonly [
  name: string,
  authorization: string | undefined,
  path: string,
  status: number,
  error: string,
][] = [
  ['a malformed request', 'Bearer a b', '/guarded', 400, 'invalid_request'],
  ['an unknown token', 'Bearer unknown', '/guarded', 401, 'invalid_token'],
  ['a missing scope', 'Bearer TOKEN', '/write', 403, 'insufficient_scope'],
];

const answerTo = ([, authorization, path]: (typeof FAILURES)[number]) =>
  get(String(authorization).replace('TOKEN', token), path);

describe('RFC 6750 §3, the WWW-Authenticate response header', () => {
  test('§3: a response to a request without credentials MUST include the header', async () => {
    const { status, headers } = await request(app.app).get('/guarded');

    expect([status, headers['www-authenticate']]).toEqual([401, expect.stringMatching(/^Bearer /)]);
  });

  test('§3: all challenges MUST use the scheme Bearer, followed by at least one attribute', async () => {
    const challenges = await Promise.all(
      FAILURES.map(async (failure) => (await answerTo(failure)).headers['www-authenticate']),
    );

    expect(challenges).toEqual(FAILURES.map(() => expect.stringMatching(/^Bearer [a-z_]+="/)));
  });

  test('§3: no attribute appears more than once', async () => {
    const challenges = await Promise.all(
      FAILURES.map(async (failure) => String((await answerTo(failure)).headers['www-authenticate'])),
    );
    const repeated = challenges.filter((challenge) => {
      const names = [...challenge.matchAll(/([a-z_]+)="/g)].map(([, name]) => name);
      return new Set(names).size < names.length;
    });

    expect(repeated).toEqual([]);
  });

  test('§3: error and error_description MUST NOT include characters outside %x20-21 / %x23-5B / %x5D-7E', async () => {
    const challenges = await Promise.all(
      FAILURES.map(async (failure) => String((await answerTo(failure)).headers['www-authenticate'])),
    );
    const wellFormed = /^Bearer (?:[a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]+"(?:, )?)+$/;

    expect(challenges.filter((challenge) => !wellFormed.test(challenge))).toEqual([]);
  });

  test('§3: the scope attribute names the scope that is required to access the resource', async () => {
    const { headers } = await get(`Bearer ${token}`, '/write');

    expect(headers['www-authenticate']).toContain('scope="write"');
  });
});

describe('RFC 6750 §3.1, error codes', () => {
  test.each(FAILURES)('§3.1: the response to %s has its status and its code', async (...failure) => {
    const [, , , status, error] = failure;
    const answer = await answerTo(failure);

    expect([answer.status, answer.body.error]).toEqual([status, error]);
    expect(answer.headers['www-authenticate']).toContain(`error="${error}"`);
  });

  test('§3.1: the response to a repeated parameter is 400 invalid_request', async () => {
    const { status, body } = await postForm(`access_token=${token}&access_token=${token}`);

    expect([status, body.error]).toEqual([400, 'invalid_request']);
  });

  test('§3.1: the response to an expired or revoked token is 401 invalid_token', async () => {
    const expiring = await createConformanceApp();
    const expired = (await expiring.obtain()).access_token;
    const revoked = (await app.obtain()).access_token;
    await app.post('revoke', { token: revoked }, 'demo');
    expiring.setTime(NOW + 100_000);
    const answers = [
      await request(expiring.app).get('/guarded').auth(expired, { type: 'bearer' }),
      await get(`Bearer ${revoked}`),
    ];

    expect(answers.map(({ status, body }) => [status, body.error])).toEqual([
      [401, 'invalid_token'],
      [401, 'invalid_token'],
    ]);
  });

  test('§3.1: a response to a request without credentials SHOULD NOT include an error code', async () => {
    const { headers, text } = await request(app.app).get('/guarded');

    expect(headers['www-authenticate']).not.toContain('error');
    expect(text).not.toContain('error');
  });
});
