import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import express, { type Express } from 'express';
import passport from 'passport';
import { JweStrategy, type KeyRing, type VerifyDone, type VerifyFunction } from 'passport-jwe';
import request from 'supertest';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

const USER = { name: 'demo' };

let keyRing: KeyRing;

beforeAll(async () => {
  keyRing = await createRing();
});

afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

function createApp(strategy: JweStrategy): Express {
  const authenticator = new passport.Passport();
  authenticator.use('jwe', strategy);
  const app = express();
  app.set('env', 'test');
  app.get('/', authenticator.authenticate('jwe', { session: false }), (req, res) => {
    res.json(req.user);
  });
  return app;
}

function createAppWith(verify: VerifyFunction): Express {
  return createApp(new JweStrategy({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock }, verify));
}

async function ask(app: Express) {
  const { status, body } = await request(app).get('/').auth(mintToken(keyRing), { type: 'bearer' });
  return status === 200 ? body : status;
}

/** A result of a library that is no native promise, as query builders and older promise libraries return. */
function thenable(result: unknown) {
  // biome-ignore lint/suspicious/noThenProperty: it is what this test is about
  return { then: (resolve: (value: unknown) => void) => void setImmediate(resolve, result) };
}

const later = (done: VerifyDone) => void setImmediate(done, null, USER);
const ignore = () => {};

/** What decorators and helper libraries return: a function without declared parameters. */
const wrap =
  (verify: VerifyFunction): VerifyFunction =>
  (...parameters) =>
    verify(...parameters);

const mocked = (implementation: (token: unknown, done: VerifyDone) => unknown): VerifyFunction =>
  jest.fn(implementation);

const storage = new AsyncLocalStorage<string>();

describe('a verify function of any length receives done, for example', () => {
  test.each<[string, VerifyFunction]>([
    ['one with two parameters', (_token, done) => done(null, USER)],
    ['one with rest parameters', (...[, done]) => later(done)],
    ['one with a default for done', (_token, done = ignore) => later(done)],
    ['one with a default for the token', (_token = Object.create(null), done) => later(done)],
    ['a wrapped one', wrap((_token, done) => later(done))],
    ['a wrapped async one', wrap(async (_token, done) => done(null, USER))],
    ['a wrapped one that returns a promise', wrap(async () => USER)],
    ['a mock', mocked((_token, done) => later(done))],
    ['a bound one', ((_token: unknown, done: VerifyDone) => later(done)).bind(null)],
    ['one in an async context', AsyncLocalStorage.bind((_token: unknown, done: VerifyDone) => later(done))],
    ['one that runs in a storage', (...[, done]) => storage.run('request', later, done)],
  ])('%s', async (_name, verify) => {
    expect(verify.length).toBeLessThanOrEqual(2);
    expect(await ask(createAppWith(verify))).toEqual(USER);
  });

  test('a wrapped one that also receives the request', async () => {
    const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, clock, passReqToCallback: true as const };
    const strategy = new JweStrategy(options, (...[req, token, done]) => {
      setImmediate(done, null, { path: req.path, sub: token.claims.sub });
    });

    expect(await ask(createApp(strategy))).toEqual({ path: '/', sub: 'demo' });
  });

  test('an async one that receives the request and calls back later', async () => {
    const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, clock, passReqToCallback: true as const };
    const strategy = new JweStrategy(options, async (_req, _token, done) => later(done));

    expect(await ask(createApp(strategy))).toEqual(USER);
  });
});

describe('the first result of a verify function counts:', () => {
  test.each<[string, VerifyFunction, unknown]>([
    ['a thenable of a user', () => thenable(USER), USER],
    ['a thenable, although done is declared', (_token, _done) => thenable(USER), USER],
    ['a thenable of undefined is no user', () => thenable(undefined), 401],
    ['a promise of undefined is no user', async () => undefined, 401],
    ['a promise of null is no user, although done is declared', async (_token, _done) => null, 401],
    [
      'done before the promise',
      async (_token, done) => {
        done(null, USER);
        return { name: 'late' };
      },
      USER,
    ],
    [
      'done before a rejection',
      async (_token, done) => {
        done(null, USER);
        throw new Error('late');
      },
      USER,
    ],
    [
      'the promise before done',
      async (_token, done) => {
        setImmediate(done, null, { name: 'late' });
        return USER;
      },
      USER,
    ],
  ])('%s', async (_name, verify, expected) => {
    expect(await ask(createAppWith(verify))).toEqual(expected);
  });
});

describe('a value that a verify function returns without a promise', () => {
  test('is never the user, because callback functions return handles and connections', async () => {
    const verify: VerifyFunction = (_token, done) => setTimeout(done, 5, null, false);

    expect(await ask(createAppWith(verify))).toBe(401);
    expect(await ask(createAppWith(wrap(verify)))).toBe(401);
  });
});

describe('a verify function without a result', () => {
  const forgetful: readonly [string, (keep: (done: VerifyDone) => void) => VerifyFunction, unknown][] = [
    ['does not call done can still call it later', (keep) => (_token, done) => keep(done), USER],
    ['resolves to undefined can still call done later', (keep) => async (_token, done) => keep(done), USER],
    [
      'does not even declare done has found no user',
      (keep) =>
        (...[, done]) =>
          keep(done),
      401,
    ],
    [
      'returns a user without a promise has found no user',
      (keep) =>
        (...[, done]) =>
          keep(done) ?? USER,
      401,
    ],
  ];

  test.each(forgetful)('that %s, after a process warning', async (_name, create, expected) => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date'] });
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(ignore);
    const answers: Promise<unknown>[] = [];
    const done = await new Promise<VerifyDone>((called) => {
      answers.push(ask(createAppWith(create(called))));
    });
    await new Promise((resolve) => setImmediate(resolve));

    jest.advanceTimersByTime(9999);
    expect(emitWarning).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(emitWarning.mock.calls).toEqual([
      [expect.stringContaining('call done(error, user) on every path'), { code: 'PASSPORT_JWE_VERIFY' }],
    ]);
    done(null, USER);
    expect(await answers[0]).toEqual(expected);
  });

  test('is not reported if it has called done in time', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'Date'] });
    const emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(ignore);
    for (const verify of [
      mocked((_token, done) => done(null, USER)),
      mocked((_token, done) => later(done)),
      async (_token: unknown, done: VerifyDone) => done(null, USER),
    ]) {
      expect(await ask(createAppWith(verify))).toEqual(USER);
    }
    jest.advanceTimersByTime(60_000);

    expect(emitWarning).not.toHaveBeenCalled();
  });
});
