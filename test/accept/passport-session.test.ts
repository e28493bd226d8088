import { afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import passport from 'passport';
import { JweStrategy, type KeyRing } from 'passport-jwe';
import request from 'supertest';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

const WARNING = [
  expect.stringContaining('pass { session: false } to passport.authenticate()'),
  { code: 'PASSPORT_JWE_SESSION' },
];

let keyRing: KeyRing;
let emitWarning: jest.SpiedFunction<typeof process.emitWarning>;

beforeAll(async () => {
  keyRing = await createRing();
});

beforeEach(() => {
  emitWarning = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

afterEach(() => emitWarning.mockRestore());

/** As much of express-session as Passport uses. */
const session: RequestHandler = (req, _res, next) => {
  const callBack = (done: () => void) => done();
  Object.assign(req, { session: { regenerate: callBack, save: callBack } });
  next();
};

/** Statuses of two requests. The second request must cause no second warning. */
async function askTwice(options: object, ...before: readonly RequestHandler[]): Promise<readonly number[]> {
  const authenticator = new passport.Passport();
  authenticator.use(new JweStrategy({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock }));
  authenticator.serializeUser((_user, done) => done(null, 'demo'));
  const app = express();
  app.set('env', 'test');
  app.get('/', ...before, authenticator.authenticate('jwe', options), (_req, res) => {
    res.json({});
  });
  const ask = () => request(app).get('/').auth(mintToken(keyRing), { type: 'bearer' });
  return [(await ask()).status, (await ask()).status];
}

describe('a missing session: false', () => {
  test('is explained once by a process warning, beside the error of Passport', async () => {
    expect(await askTwice({})).toEqual([500, 500]);
    expect(emitWarning.mock.calls).toEqual([WARNING]);
  });

  test('is explained where Passport starts login sessions, which continue to work', async () => {
    expect(await askTwice({}, session)).toEqual([200, 200]);
    expect(emitWarning.mock.calls).toEqual([WARNING]);
  });

  test.each([
    ['session: false', { session: false }],
    ['assignProperty, which starts no login session', { assignProperty: 'account' }],
  ])('is not suspected with %s', async (_name, options) => {
    expect(await askTwice(options)).toEqual([200, 200]);
    expect(emitWarning).not.toHaveBeenCalled();
  });
});
