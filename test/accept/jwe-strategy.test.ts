import { beforeAll, describe, expect, test } from '@jest/globals';
import express, { type Express } from 'express';
import passport from 'passport';
import {
  AccessDeniedError,
  bearerErrors,
  createAuditTrail,
  JweStrategy,
  type JweStrategyOptions,
  type KeyRing,
  requireScope,
  type VerifyFunction,
  verifiedToken,
} from 'passport-jwe';
import type { AuditRecord } from 'passport-jwe/audit';
import { Strategy } from 'passport-strategy';
import request from 'supertest';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

let keyRing: KeyRing;
let token: string;

beforeAll(async () => {
  keyRing = await createRing();
  token = mintToken(keyRing);
});

function optionsOf(options: Partial<JweStrategyOptions> = {}) {
  return {
    keyRing,
    issuer: ISSUER,
    audience: AUDIENCE,
    clock,
    ...options,
    passReqToCallback: false as const,
  };
}

/** Shows what Passport left on the request. */
function createApp(strategies: readonly Strategy[], options: object = { session: false }): Express {
  const authenticator = new passport.Passport();
  const names = strategies.map((strategy, index) => {
    authenticator.use(`s${index}`, strategy);
    return `s${index}`;
  });
  const app = express();
  app.set('env', 'test');
  app.get('/', authenticator.authenticate(names, options), (req, res) => {
    res.json({ user: req.user, info: req.authInfo });
  });
  return app;
}

function ask(app: Express, bearer: string | undefined = token) {
  const test = request(app).get('/');
  return bearer === '' ? test : test.set('Authorization', `Bearer ${bearer}`);
}

describe('JweStrategy', () => {
  test('has the name jwe or the option name', () => {
    expect(new JweStrategy(optionsOf()).name).toBe('jwe');
    expect(new JweStrategy(optionsOf({ name: 'internal' })).name).toBe('internal');
  });

  test('without a verify function makes the claims set the user and the verified token the info', async () => {
    const { body } = await ask(createApp([new JweStrategy(optionsOf())]));

    expect(body.user).toMatchObject({ sub: 'demo', client_id: 'demo' });
    expect(body.info).toMatchObject({
      type: 'tiered_model_exec',
      scope: ['read:documents', 'write:documents'],
    });
  });

  test.each<[string, VerifyFunction]>([
    ['calls back', (verified, done) => done(null, { name: verified.claims.sub })],
    ['calls back later', (verified, done) => setImmediate(done, null, { name: verified.claims.sub })],
    ['declares done and returns a promise', async (verified, _done) => ({ name: verified.claims.sub })],
    ['returns a promise', async (verified) => ({ name: verified.claims.sub })],
    [
      'is async and calls back',
      async (verified, done) => {
        setImmediate(done, null, { name: verified.claims.sub });
      },
    ],
  ])('accepts a verify function that %s', async (_name, verify) => {
    const { body } = await ask(createApp([new JweStrategy(optionsOf(), verify)]));

    expect(body.user).toEqual({ name: 'demo' });
  });

  test('passes the request to a verify function with passReqToCallback', async () => {
    const strategy = new JweStrategy({ ...optionsOf(), passReqToCallback: true }, (req, verified, done) =>
      done(null, { path: req.path, sub: verified.claims.sub }),
    );

    expect((await ask(createApp([strategy]))).body.user).toEqual({ path: '/', sub: 'demo' });
  });

  test('also passes the request to one that returns a promise', async () => {
    const strategy = new JweStrategy({ ...optionsOf(), passReqToCallback: true }, async (req) => ({
      path: req.path,
    }));

    expect((await ask(createApp([strategy]))).body.user).toEqual({ path: '/' });
  });

  test('sets req.authInfo to the info of the callback', async () => {
    const strategy = new JweStrategy(optionsOf(), (_verified, done) =>
      done(null, { id: 1 }, { plan: 'free' }),
    );

    expect((await ask(createApp([strategy]))).body.info).toEqual({ plan: 'free' });
  });

  test.each<[string, VerifyFunction]>([
    ['calls back with false', (_verified, done) => done(null, false)],
    ['resolves to nothing', async () => undefined],
  ])('rejects the token if the verify function %s', async (_name, verify) => {
    const answer = await ask(createApp([new JweStrategy(optionsOf(), verify)]));

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
  });

  test.each<[string, VerifyFunction]>([
    ['calls back with an error', (_verified, done) => done(new Error('no database'))],
    [
      'throws',
      (_verified, _done) => {
        throw new Error('no database');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('no database'))],
    ['rejects with something else', async () => Promise.reject('no database')],
  ])('passes on the error of a verify function that %s', async (_name, verify) => {
    const answer = await ask(createApp([new JweStrategy(optionsOf(), verify)]));

    expect(answer.status).toBe(500);
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });

  test('answers a failure of this package that a verify function throws as the failure table says', async () => {
    const strategy = new JweStrategy(optionsOf(), async () => Promise.reject(new AccessDeniedError()));
    const answer = await ask(createApp([strategy]));

    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toContain('error="access_denied"');
  });

  test('settles once if the verify function calls back twice and throws', async () => {
    const strategy = new JweStrategy(optionsOf(), (_verified, done) => {
      done(null, { id: 1 });
      done(null, { id: 2 });
      throw new Error('late');
    });

    expect((await ask(createApp([strategy]))).body.user).toEqual({ id: 1 });
  });

  test('keeps concurrent requests apart if one instance serves them all', async () => {
    const strategy = new JweStrategy(optionsOf());
    const app = express();
    app.get('/', new passport.Passport().authenticate(strategy, { session: false }), (req, res) => {
      res.json({ jti: verifiedToken(req).claims.jti });
    });
    const ids = Array.from({ length: 20 }, (_, index) => `token-${index}`);
    const server = app.listen(0);
    try {
      const answers = await Promise.all(
        ids.map((jti) =>
          request(server)
            .get('/')
            .set('Authorization', `Bearer ${mintToken(keyRing, { claims: { jti } })}`),
        ),
      );
      expect(answers.map((answer) => answer.body.jti)).toEqual(ids);
    } finally {
      server.close();
    }
  });

  test.each([
    ['no keyRing', { keyRing: undefined }, 'keyRing'],
    ['no issuer', { issuer: undefined }, 'issuer'],
    ['no audience', { audience: [] }, 'audience'],
    ['a malformed scope', { scope: 'a"b' }, 'scope'],
    ['too much tolerance', { clockToleranceSeconds: 61 }, 'clockToleranceSeconds'],
    ['a realm with quotes', { realm: 'a"b' }, 'realm'],
    ['resource metadata without TLS', { resourceMetadata: 'http://example.com/' }, 'resourceMetadata'],
    ['a malformed cookie name', { tokenLocations: { cookie: 'a=b' } }, 'tokenLocations'],
    ['no place to look for tokens', { tokenLocations: { authorization: false } }, 'tokenLocations'],
    ['no length', { maxTokenLength: 0 }, 'maxTokenLength'],
    ['a typ that takes refresh tokens', { typ: ['at+jwt', 'application/RT+JWT'] }, 'typ'],
  ])('is not created with %s', (_name, options, mentioned) => {
    expect(() => Reflect.construct(JweStrategy, [{ ...optionsOf(), ...options }])).toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(mentioned) }),
    );
  });

  test('is not created with a verify callback that is not a function', () => {
    expect(() => Reflect.construct(JweStrategy, [optionsOf(), 'verify'])).toThrow(TypeError);
  });
});

describe('several Passport strategies in a row', () => {
  class ByName extends Strategy {
    override authenticate(): void {
      this.success({ name: 'by another strategy' });
    }
  }
  class Never extends Strategy {
    override authenticate(): void {
      this.fail('Negotiate', 401);
    }
  }

  test.each([
    ['a missing', ''],
    ['a bad', 'not.a.token'],
  ])('%s token lets the next one try, and leaves no header behind', async (_name, bearer) => {
    const answer = await ask(createApp([new JweStrategy(optionsOf()), new ByName()]), bearer);

    expect(answer).toMatchObject({ status: 200, body: { user: { name: 'by another strategy' } } });
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });

  test('the challenges of all of them are sent if none succeeds', async () => {
    const answer = await ask(createApp([new Never(), new JweStrategy(optionsOf())]), '');

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Negotiate, Bearer realm="api"');
  });

  test('a malformed request ends the attempt', async () => {
    const answer = await ask(createApp([new JweStrategy(optionsOf()), new ByName()]), 'a b');

    expect(answer.status).toBe(400);
  });

  test('the success of another strategy passes no guard', async () => {
    const authenticator = new passport.Passport();
    authenticator.use('name', new ByName()).use(new JweStrategy(optionsOf()));
    const app = express();
    app.get(
      '/',
      authenticator.authenticate(['jwe', 'name'], { session: false }),
      requireScope('read:documents'),
      (_req, res) => {
        res.json({});
      },
    );
    const answer = await ask(app, mintToken(keyRing, { claims: { exp: 1 } }));

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error_description="The access token expired"');
  });
});

describe('a callback given to passport.authenticate()', () => {
  test('that throws is called once, and its exception reaches the error handlers', async () => {
    const authenticator = new passport.Passport();
    authenticator.use(new JweStrategy(optionsOf()));
    let calls = 0;
    const app = express();
    app.set('env', 'test');
    app.get('/', (req, res, next) => {
      const callback = () => {
        calls += 1;
        throw new Error('no user');
      };
      authenticator.authenticate('jwe', { session: false }, callback)(req, res, next);
    });

    expect((await ask(app, '')).status).toBe(500);
    expect((await ask(app)).status).toBe(500);
    expect(calls).toBe(2);
  });

  test.each([
    ['a rejected token', 'not.a.token', /error="invalid_token"/],
    ['no token', '', /^Bearer realm="api"$/],
  ])('learns the error for %s from verifiedToken()', async (_name, bearer, challenge) => {
    const authenticator = new passport.Passport();
    authenticator.use(new JweStrategy(optionsOf()));
    const app = express();
    app.set('env', 'test');
    app.get('/', (req, res, next) => {
      const callback = () => void res.json(verifiedToken(req));
      authenticator.authenticate('jwe', { session: false }, callback)(req, res, next);
    });
    const answer = await ask(app, bearer);

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(challenge);
  });

  test('receives programming errors', async () => {
    const broken = () => {
      throw new Error('no clock');
    };
    const authenticator = new passport.Passport();
    authenticator.use(new JweStrategy({ ...optionsOf(), clock: broken }));
    const app = express();
    app.get('/', (req, res, next) => {
      const callback = (fault: unknown) => void res.json({ fault: String(fault) });
      authenticator.authenticate('jwe', { session: false }, callback)(req, res, next);
    });

    expect((await ask(app)).body).toEqual({ fault: 'Error: no clock' });
  });
});

describe('bearerErrors', () => {
  test('passes on errors that are not of this package', async () => {
    const app = express();
    app.set('env', 'test');
    app.get('/', () => {
      throw Object.assign(new Error('teapot'), { status: 418 });
    });
    app.use(bearerErrors());

    expect((await ask(app)).status).toBe(418);
  });

  test('answers an error that is frozen and shared between requests', async () => {
    const denied = Object.freeze(new AccessDeniedError());
    const app = express();
    app.get('/', () => {
      throw denied;
    });
    app.use(bearerErrors());
    const answer = await ask(app);

    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toContain('error="access_denied"');
  });

  test('passes on the rejection of another strategy', async () => {
    class Never extends Strategy {
      override authenticate(): void {
        this.fail('Negotiate', 401);
      }
    }
    const app = createApp([new Never()], { session: false, failWithError: true });
    app.use(bearerErrors());
    const answer = await ask(app);

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Negotiate');
  });

  test('answers a handler that reads a token if no authentication ran', async () => {
    const app = express();
    app.get('/', (req, res) => void res.json(verifiedToken(req)));
    app.use(bearerErrors({ realm: 'files' }));
    const answer = await ask(app);

    expect(answer).toMatchObject({ status: 401, text: '' });
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="files"');
  });
});

describe('audit events of JweStrategy', () => {
  test('contain the first use of a token and each rejection with its reason, never a token', async () => {
    const records: AuditRecord[] = [];
    const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
    const app = createApp([new JweStrategy(optionsOf({ audit }))]);
    await ask(app);
    await ask(app);
    await ask(app, '');
    await ask(app, `${token}A`);

    expect(records).toMatchObject([
      { type: 'token.accepted', clientId: 'demo', subject: 'demo', count: 1 },
      { type: 'token.refused', code: 'ERR_INVALID_TOKEN', reason: 'tag_length' },
    ]);
    expect(JSON.stringify(records)).not.toContain(token.slice(-20));
  });

  test('identify the verified token that lacks a scope', async () => {
    const records: AuditRecord[] = [];
    const audit = createAuditTrail({ sinks: [{ write: (record) => void records.push(record) }], clock });
    await ask(createApp([new JweStrategy(optionsOf({ audit, scope: 'admin' }))]));

    expect(records).toMatchObject([
      { type: 'token.refused', code: 'ERR_INSUFFICIENT_SCOPE', clientId: 'demo', jti: expect.any(String) },
    ]);
  });
});
