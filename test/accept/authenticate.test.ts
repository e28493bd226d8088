import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type ErrorRequestHandler, type Express } from 'express';
import {
  type AuthenticateOptions,
  authenticate,
  findVerifiedToken,
  type KeyRing,
  PassportJweError,
  requireScope,
  verifiedToken,
} from 'passport-jwe';
import request from 'supertest';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';
import { untypedValue } from '../support/untyped.js';

let keyRing: KeyRing;
let token: string;

beforeAll(async () => {
  keyRing = await createRing();
  token = mintToken(keyRing);
});

function createApp(options: Partial<AuthenticateOptions> = {}): Express {
  const app = express();
  app.set('env', 'test');
  app.use(express.urlencoded({ extended: false }));
  app.use(authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock, ...options }));
  app.all('/', (req, res) => void res.json({ sub: findVerifiedToken(req)?.claims.sub ?? null }));
  return app;
}

describe('authenticate', () => {
  test('works for an application and for one route', async () => {
    const app = express();
    app.get('/open', (_req, res) => void res.json({}));
    app.get('/closed', authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock }), (_req, res) => {
      res.json({});
    });

    expect((await request(app).get('/open')).status).toBe(200);
    expect((await request(app).get('/closed')).status).toBe(401);
    expect((await request(app).get('/closed').auth(token, { type: 'bearer' })).status).toBe(200);
    expect((await request(createApp()).get('/').auth(token, { type: 'bearer' })).body).toEqual({
      sub: 'demo',
    });
  });

  test('takes no signing key, since it issues nothing', () => {
    expect(() => createApp(untypedValue({ signing: {} }))).toThrow('authenticate: unknown option signing');
  });

  test('sets no property of the request', async () => {
    const app = express();
    const keysOf = (req: object) => Reflect.ownKeys(req).map(String).sort();
    let before: readonly string[] = [];
    app.use((req, _res, next) => {
      before = keysOf(req);
      next();
    });
    app.use(authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock }));
    app.get('/', (req, res) => {
      res.json(keysOf(req).filter((key) => !before.includes(key)));
    });
    const { body } = await request(app).get('/').auth(token, { type: 'bearer' });

    expect(body).not.toEqual(expect.arrayContaining([expect.stringMatching(/user|auth|token|claims/i)]));
  });

  describe('with credentialsRequired: false', () => {
    test('lets a request without a token pass as anonymous', async () => {
      const answer = await request(createApp({ credentialsRequired: false })).get('/');

      expect(answer).toMatchObject({ status: 200, body: { sub: null } });
    });

    test('still verifies a token that is present', async () => {
      const answer = await request(createApp({ credentialsRequired: false }))
        .get('/')
        .auth(token, { type: 'bearer' });

      expect(answer.body).toEqual({ sub: 'demo' });
    });

    test.each([
      ['a bad token', 'Bearer a.b.c.d.e', 401],
      ['a malformed one', 'Bearer a b', 400],
    ])('still rejects %s', async (_name, authorization, status) => {
      const answer = await request(createApp({ credentialsRequired: false }))
        .get('/')
        .set('Authorization', authorization);

      expect(answer.status).toBe(status);
    });

    test('lets no anonymous request pass a guard', async () => {
      const app = createApp({ credentialsRequired: false });
      app.get('/guarded', requireScope('read:documents'), (_req, res) => void res.json({}));
      const answer = await request(app).get('/guarded');

      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="api", scope="read:documents"');
    });
  });

  describe('with failWithError: true', () => {
    test('passes failures to the error handlers of the application, with status and headers', async () => {
      const app = createApp({ failWithError: true });
      const handler: ErrorRequestHandler = (error, _req, res, _next) => {
        res
          .status(418)
          .json({ isOurs: error instanceof PassportJweError, status: error.status, headers: error.headers });
      };
      app.use(handler);
      const answer = await request(app).get('/');

      expect(answer).toMatchObject({
        status: 418,
        body: { isOurs: true, status: 401, headers: { 'WWW-Authenticate': 'Bearer realm="api"' } },
      });
    });
  });

  describe('with tokenLocations', () => {
    test('accepts a named header', async () => {
      const app = createApp({ tokenLocations: { header: 'X-API-Key' } });

      expect((await request(app).get('/').set('x-api-key', token)).body).toEqual({ sub: 'demo' });
    });

    test('accepts the same token by two methods', async () => {
      const app = createApp({ tokenLocations: { header: 'x-api-key' } });
      const answer = await request(app).get('/').set('x-api-key', token).auth(token, { type: 'bearer' });

      expect(answer.status).toBe(200);
    });

    test('accepts a cookie', async () => {
      const app = createApp({ tokenLocations: { cookie: 'access' } });

      expect((await request(app).get('/').set('Cookie', `theme=dark; access=${token}`)).body).toEqual({
        sub: 'demo',
      });
    });

    test('accepts the form body', async () => {
      const app = createApp({ tokenLocations: { form: true } });
      const answer = await request(app).post('/').type('form').send({ access_token: token });

      expect(answer.body).toEqual({ sub: 'demo' });
    });

    test('ignores the body of a GET request, and of another media type', async () => {
      const app = createApp({ tokenLocations: { form: true } });

      expect((await request(app).get('/').type('form').send({ access_token: token })).status).toBe(401);
      expect((await request(app).post('/').send({ access_token: token })).status).toBe(401);
    });

    test.each([['header'], ['cookie'], ['form'], ['query']])(
      'takes no token from the %s unless asked to',
      async (place) => {
        const answer = await request(createApp())
          .post(place === 'query' ? `/?access_token=${token}` : '/')
          .set(place === 'header' ? { 'x-api-key': token } : {})
          .set(place === 'cookie' ? { Cookie: `access=${token}` } : {})
          .type('form')
          .send(place === 'form' ? { access_token: token } : {});

        expect(answer.status).toBe(401);
      },
    );

    test('ignores the Authorization header if it is disabled', async () => {
      const app = createApp({ tokenLocations: { authorization: false, cookie: 'access' } });

      expect((await request(app).get('/').auth(token, { type: 'bearer' })).status).toBe(401);
    });
  });
});

describe('verifiedToken', () => {
  test('narrows to the requested type', async () => {
    const app = createApp();
    app.get(
      '/models',
      (req, res) => void res.json(verifiedToken(req, 'tiered_model_exec').claims.allowed_models),
    );

    expect((await request(app).get('/models').auth(token, { type: 'bearer' })).body).toEqual(['echo-1']);
  });

  test('throws a 403 for a token of another type', async () => {
    const app = createApp();
    app.get('/service', (req, res) => void res.json(verifiedToken(req, 'service').claims));

    expect((await request(app).get('/service').auth(token, { type: 'bearer' })).status).toBe(403);
  });

  test.each([[undefined], ['service' as const]])(
    'throws a 401 if no authentication ran (type %s)',
    async (type) => {
      const app = express();
      app.set('env', 'test');
      app.get(
        '/',
        (req, res) => void res.json(type === undefined ? verifiedToken(req) : verifiedToken(req, type)),
      );

      expect((await request(app).get('/').auth(token, { type: 'bearer' })).status).toBe(401);
    },
  );

  test('throws errors with the challenge in their headers, which the final handler of Express sends', async () => {
    const app = express();
    app.set('env', 'test');
    app.get('/', (req, res) => void res.json(verifiedToken(req)));
    const answer = await request(app).get('/');

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="api"');
  });

  test('is deeply frozen', async () => {
    const app = createApp();
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    app.get('/frozen', (req, res) => void res.json(isFrozen(verifiedToken(req))));

    expect((await request(app).get('/frozen').auth(token, { type: 'bearer' })).body).toBe(true);
  });
});
