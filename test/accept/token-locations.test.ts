import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type Express, type RequestHandler } from 'express';
import {
  authenticate,
  findVerifiedToken,
  InvalidRequestError,
  type KeyRing,
  type TokenLocations,
} from 'passport-jwe';
import request from 'supertest';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';
import { untyped, untypedValue } from '../support/untyped.js';

let keyRing: KeyRing;
let token: string;
let other: string;

beforeAll(async () => {
  keyRing = await createRing();
  token = mintToken(keyRing);
  other = mintToken(keyRing, { claims: { sub: 'other' } });
});

function createApp(tokenLocations: TokenLocations, ...before: readonly RequestHandler[]): Express {
  const app = express().set('env', 'test');
  app.use(...before, authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock, tokenLocations }));
  app.all('/', (req, res) => void res.json({ sub: findVerifiedToken(req)?.claims.sub ?? null }));
  app.use(((error, _req, res, _next) => {
    res.status(500).json({ name: error.name, message: error.message });
  }) satisfies express.ErrorRequestHandler);
  return app;
}

describe('getToken', () => {
  const fromQuery = (req: express.Request) => new URL(req.url, ISSUER).searchParams.get('t');

  test('finds a token anywhere in the request', async () => {
    const answer = await request(createApp({ getToken: fromQuery })).get(`/?t=${token}`);

    expect(answer.body).toEqual({ sub: 'demo' });
  });

  test.each([null, undefined])('finds none if it returns %j', async (none) => {
    expect((await request(createApp({ getToken: () => none })).get('/')).status).toBe(401);
  });

  test.each(['', 'a b', '"a"'])(
    'returning %j makes the request malformed, as a header would',
    async (value) => {
      const answer = await request(createApp({ getToken: () => value })).get('/');

      expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_request' } });
    },
  );

  test('must find the same token as the other locations', async () => {
    const app = createApp({ getToken: fromQuery });
    const bearer = { type: 'bearer' } as const;

    expect((await request(app).get(`/?t=${token}`).auth(token, bearer)).status).toBe(200);
    expect((await request(app).get(`/?t=${token}`).auth(other, bearer)).status).toBe(400);
  });

  test.each([
    ['a number', () => 1],
    ['a promise', async () => 'a'],
    ['an object', () => ({})],
  ])('that returns %s is a programming error', async (_what, getToken) => {
    const answer = await request(createApp({ getToken: untypedValue(getToken) })).get('/');

    expect(answer).toMatchObject({
      status: 500,
      body: {
        name: 'TypeError',
        message: expect.stringContaining(
          'authenticate: tokenLocations.getToken: the function must return a string',
        ),
      },
    });
  });

  test('that throws is a programming error, which names it and no value', async () => {
    const getToken = () => {
      throw new Error('secret');
    };
    const answer = await request(createApp({ getToken })).get('/');

    expect(answer).toMatchObject({ status: 500, body: { name: 'TypeError' } });
    expect(answer.body.message).toContain('tokenLocations.getToken: the function threw an error');
    expect(answer.body.message).not.toContain('secret');
  });

  test('can reject a request with an error of this package', async () => {
    const getToken = () => {
      throw new InvalidRequestError('No');
    };

    expect((await request(createApp({ getToken })).get('/')).status).toBe(400);
  });
});

describe('schemes and headers', () => {
  test.each(['JWE', 'jwe', 'Bearer'])('accept Authorization: %s if it is listed', async (scheme) => {
    const app = createApp({ authorization: ['Bearer', 'JWE'] });

    expect((await request(app).get('/').set('Authorization', `${scheme} ${token}`)).status).toBe(200);
  });

  test.each(['Bearer', 'JWEX', 'J'])('reject Authorization: %s if it is not', async (scheme) => {
    const app = createApp({ authorization: 'JWE' });

    expect((await request(app).get('/').set('Authorization', `${scheme} ${token}`)).status).toBe(401);
  });

  test('accept each of several headers', async () => {
    const app = createApp({ header: ['X-Api-Key', 'X-Token'] });

    expect((await request(app).get('/').set('x-api-key', token)).status).toBe(200);
    expect((await request(app).get('/').set('x-token', token)).status).toBe(200);
    expect((await request(app).get('/').set({ 'x-token': token, 'x-api-key': other })).status).toBe(400);
  });
});

describe('a cookie', () => {
  test.each(['access=', 'access=""', 'access="abc"'])('is no credential as %j', async (cookie) => {
    const app = createApp({ cookie: 'access' });
    const withHeader = request(app).get('/').auth(token, { type: 'bearer' });

    expect((await request(app).get('/').set('Cookie', cookie)).headers['www-authenticate']).toBe(
      'Bearer realm="api"',
    );
    expect((await withHeader.set('Cookie', cookie)).status).toBe(200);
  });

  test('that differs from the header is a 400 by default', async () => {
    const app = createApp({ cookie: 'access' });
    const answer = await request(app)
      .get('/')
      .auth(token, { type: 'bearer' })
      .set('Cookie', `access=${other}`);

    expect(answer.status).toBe(400);
  });

  test.each([() => other, () => 'a b'])('loses to a header with prefer: "header"', async (stale) => {
    const app = createApp({ cookie: 'access', header: 'x-token', prefer: 'header' });
    const cookie = `access=${stale()}`;

    const answers = [
      await request(app).get('/').auth(token, { type: 'bearer' }).set('Cookie', cookie),
      await request(app).get('/').set('x-token', token).set('Cookie', cookie),
    ];
    expect(answers.map(({ body }) => body)).toEqual([{ sub: 'demo' }, { sub: 'demo' }]);
  });

  test('is read without a header, and headers must still agree, with prefer: "header"', async () => {
    const app = createApp({ cookie: 'access', header: 'x-token', prefer: 'header' });
    const differing = request(app).get('/').auth(token, { type: 'bearer' }).set('x-token', other);

    expect((await request(app).get('/').set('Cookie', `access=${other}`)).body).toEqual({ sub: 'other' });
    expect((await differing).status).toBe(400);
  });
});

describe('a form', () => {
  const FORM = 'application/x-www-form-urlencoded';

  test.each([
    ['express.raw()', express.raw({ type: '*/*' })],
    ['express.text()', express.text({ type: '*/*' })],
    ['express.urlencoded()', express.urlencoded({ extended: false })],
  ])('is read after %s', async (_name, parser) => {
    const app = createApp({ form: true }, parser);
    const post = (body: string) => request(app).post('/').type(FORM).send(body);

    expect((await post(`access_token=${token}`)).body).toEqual({ sub: 'demo' });
    expect((await post(`access_token=${token}&access_token=${token}`)).status).toBe(400);
    expect((await post('a=1')).status).toBe(401);
    expect((await request(app).post('/').type('text/plain').send(`access_token=${token}`)).status).toBe(401);
  });

  test('that is unparsed and too large is a 413', async () => {
    const app = createApp({ form: true }, express.raw({ type: '*/*' }));
    const answer = await request(app)
      .post('/')
      .type(FORM)
      .send(`a=${'x'.repeat(17_000)}`);

    expect(answer).toMatchObject({ status: 413, body: { error: 'invalid_request' } });
  });
});

test.each([
  [{ getToken: 'x' }, 'getToken must be a function'],
  [{ prefer: 'header' }, 'prefer must be "header": set it only together with cookie'],
  [{ prefer: 'cookie', cookie: 'a' }, 'prefer must be "header"'],
  [{ authorization: ['Bear er'] }, 'authorization must be a boolean or scheme names'],
  [{ authorization: 1 }, 'authorization must be a boolean or scheme names'],
  [{ header: ['a b'] }, 'tokenLocations.header must be a name without spaces or separators'],
  [{ header: [1] }, 'tokenLocations.header must be a name without spaces or separators'],
  [{ header: ['Authorization'] }, 'header must not be "authorization"'],
  [{ authorization: [] }, 'enables no location'],
])('%j is rejected: %s', (tokenLocations, message) => {
  expect(() => createApp(untyped(tokenLocations))).toThrow(new RegExp(message.replaceAll('"', '.')));
});
