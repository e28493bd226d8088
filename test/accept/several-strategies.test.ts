import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import express, { type Request, type RequestHandler } from 'express';
import passport from 'passport';
import {
  authenticate,
  bearerErrors,
  JweStrategy,
  type KeyRing,
  requireAnyScope,
  requireClaim,
  requireScope,
  requireType,
  scopeFromUser,
} from 'passport-jwe';
import { Strategy } from 'passport-strategy';
import request from 'supertest';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

const JWT = 'header.payload.signature';
const USER = { sub: 'alice', scope: 'read:documents write:documents' };
const ORDERS = [[['jwe', 'jwt']], [['jwt', 'jwe']]];

/** Behaves as passport-jwt does: reads the same header, and fails without a challenge or status. */
class JwtStrategy extends Strategy {
  override authenticate(req: Request): void {
    if (req.headers.authorization === `Bearer ${JWT}`) this.success(USER);
    else Reflect.apply(this.fail, this, [new Error('No auth token')]);
  }
}

let keyRing: KeyRing;
let token: string;
let emitWarning: jest.SpiedFunction<typeof process.emitWarning>;

beforeAll(async () => {
  keyRing = await createRing();
  token = mintToken(keyRing);
});

beforeEach(() => {
  emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

afterEach(() => emitWarning.mockRestore());

const optionsOf = () => ({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });

/** Asks an app whose requests pass a list of strategies, then these middleware functions. */
async function ask(
  list: readonly string[],
  middleware: readonly RequestHandler[],
  bearer: string | undefined,
  options: object = {},
) {
  const authenticator = new passport.Passport();
  authenticator.use('jwt', new JwtStrategy()).use(new JweStrategy({ ...optionsOf(), realm: 'files' }));
  const app = express();
  app.set('env', 'test');
  app.use(authenticator.authenticate([...list], { session: false, ...options }));
  app.get('/', ...middleware, (_req, res) => void res.json({}));
  app.use(bearerErrors({ realm: 'files' }));
  const asked = request(app).get('/');
  return bearer === undefined ? asked : asked.auth(bearer, { type: 'bearer' });
}

const fromUser = scopeFromUser((req) => Object(req.user).scope);

describe.each(ORDERS)('the list %j', (list) => {
  test('lets guards pass an encrypted token', async () => {
    const answer = await ask(list, [requireScope('read:documents'), requireClaim('sub', 'demo')], token);

    expect(answer.status).toBe(200);
    expect(emitWarning).not.toHaveBeenCalled();
  });

  test.each([
    ['requireScope', requireScope('read:documents')],
    ['requireAnyScope', requireAnyScope('read:documents')],
    ['requireType', requireType('user')],
    ['requireClaim', requireClaim('sub')],
  ])(
    'lets %s reject the user of another strategy, and explains why by one process warning',
    async (name, guard) => {
      const answer = await ask(list, [guard], JWT);
      await ask(list, [guard], JWT);

      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm=/);
      expect(emitWarning.mock.calls).toEqual([
        [
          expect.stringMatching(new RegExp(`^${name} .* another Passport strategy .* scopeFromUser\\(\\)`)),
          { code: 'PASSPORT_JWE_UNGUARDED' },
        ],
      ]);
    },
  );

  test.each([
    ['requireScope with a scope that the user has', requireScope('read:documents'), 200],
    ['requireScope with one that it lacks', requireScope('read:documents', 'admin'), 403],
    ['requireAnyScope with one of two', requireAnyScope('admin', 'write:documents'), 200],
    ['requireAnyScope with none', requireAnyScope('admin', 'write'), 403],
    ['requireType, which needs an encrypted token', requireType('user'), 401],
    ['requireClaim, which needs an encrypted token', requireClaim('sub'), 401],
  ])('with scopeFromUser(), answers the user of another strategy: %s', async (_name, guard, status) => {
    expect((await ask(list, [fromUser, guard], JWT)).status).toBe(status);
  });

  test('with scopeFromUser(), a missing scope has the challenge that names it', async () => {
    const answer = await ask(list, [fromUser, requireScope('admin')], JWT, { failWithError: true });

    expect(answer.body).toMatchObject({ error: 'insufficient_scope' });
    expect(answer.headers['www-authenticate']).toContain('scope="admin"');
  });

  test('with scopeFromUser(), an encrypted token is judged by its own scope', async () => {
    const weak = mintToken(keyRing, { claims: { scope: 'other' } });
    const admin = scopeFromUser(() => 'admin');

    expect((await ask(list, [admin, requireScope('admin')], weak)).status).toBe(403);
    expect((await ask(list, [admin, requireScope('read:documents')], token)).status).toBe(200);
  });

  test.each([
    ['a rejected token', 'not.a.token'],
    ['no token', undefined],
  ])('answers %s with the challenge if both fail', async (_name, bearer) => {
    const answer = await ask(list, [fromUser, requireScope('read:documents')], bearer, {
      failWithError: true,
    });

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer realm="files"/);
  });
});

describe('scopeFromUser', () => {
  test.each([
    ['nothing', undefined],
    ['an empty string', ''],
    ['an empty array', []],
    ['a malformed scope', 'read:documents "'],
    ['an array with a malformed scope token', ['read:documents', 'a b']],
  ])('grants nothing if the function returns %s', async (_name, scope) => {
    const answer = await ask(
      ['jwt', 'jwe'],
      [scopeFromUser(() => scope), requireScope('read:documents')],
      JWT,
    );

    expect(answer.status).toBe(403);
  });

  test('passes a result of the wrong type to the error handlers', async () => {
    const asynchronous: RequestHandler = Reflect.apply(scopeFromUser, undefined, [async () => 'admin']);

    expect((await ask(['jwt', 'jwe'], [asynchronous, requireScope('admin')], JWT)).status).toBe(500);
  });

  test('does not ask for the scope of a request without a user', async () => {
    const app = express();
    app.use(authenticate({ ...optionsOf(), credentialsRequired: false }));
    app.get(
      '/',
      scopeFromUser(() => 'admin'),
      requireScope('admin'),
      (_req, res) => void res.json({}),
    );

    expect((await request(app).get('/')).status).toBe(401);
  });

  test('ends with the next authentication of the request', async () => {
    const again = authenticate({
      ...optionsOf(),
      credentialsRequired: false,
      tokenLocations: { header: 'x-token', authorization: false },
    });
    const answer = await ask(['jwt', 'jwe'], [fromUser, again, requireScope('read:documents')], JWT);

    expect(answer.status).toBe(401);
  });

  test('is not created without a function', () => {
    expect(() => Reflect.apply(scopeFromUser, undefined, ['scope'])).toThrow(
      /^scopeFromUser: readScope must be a function/,
    );
  });
});

describe('the scope of a user', () => {
  const setUser =
    (user: unknown): RequestHandler =>
    (req, _res, next) => {
      Object.assign(req, { user });
      next();
    };

  test.each([
    ['another user', { scope: '' }],
    ['a logout', null],
  ])('ends with %s', async (_what, later) => {
    const app = express().set('env', 'test');
    app.use(
      setUser(USER),
      scopeFromUser((req) => Object(req.user).scope),
      setUser(later),
    );
    app.get('/', requireScope('read:documents'), (_req, res) => void res.json({}));

    expect((await request(app).get('/')).status).toBe(401);
  });
});
