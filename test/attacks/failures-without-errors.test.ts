import { describe, expect, test } from '@jest/globals';
import express, { type Express, type RequestHandler } from 'express';
import passport from 'passport';
import {
  authenticate,
  JweStrategy,
  limitRequests,
  requireClaim,
  requireClaims,
  requireModel,
  requireScope,
  scopeFromUser,
} from 'passport-jwe';
import request from 'supertest';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';
import { untypedValue } from '../support/untyped.js';

// Express continues after `next(undefined)` and skips the rest of a route after `next('route')`, so a function of the
// application that fails with such a value must not open a route.

const keyRing = await createRing();
const token = mintToken(keyRing);
const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, clock };
const authenticated = authenticate(options);

const VALUES = [undefined, null, '', 0, false, 'route', 'router'].map((value) => ({ value }));

const throwing = (value: unknown) => () => {
  throw value;
};
const rejecting = (value: unknown) => () => Promise.reject(value);
const schemaOf = (validate: () => unknown) =>
  untypedValue({ '~standard': { version: 1, vendor: 'test', validate } });

/** Middleware that must not pass a request if a function of the application fails with the value. */
const GUARDED: readonly (readonly [string, (value: unknown) => readonly RequestHandler[]])[] = [
  ['requireClaims, thrown', (value) => [authenticated, requireClaims(throwing(value))]],
  ['requireClaims, rejected', (value) => [authenticated, requireClaims(rejecting(value))]],
  ['requireClaim', (value) => [authenticated, requireClaim('sub', throwing(value))]],
  ['requireModel', (value) => [authenticated, requireModel(throwing(value))]],
  [
    'limitRequests',
    (value) => [
      authenticated,
      limitRequests({ limits: untypedValue({ admit: rejecting(value) }), tokens: () => 0 }),
    ],
  ],
  [
    'claimsSchema, thrown',
    (value) => [authenticate({ ...options, claimsSchema: schemaOf(throwing(value)) })],
  ],
  [
    'claimsSchema, rejected',
    (value) => [authenticate({ ...options, claimsSchema: schemaOf(rejecting(value)) })],
  ],
  ['apiKeys', (value) => [authenticate({ ...options, apiKeys: { get: throwing(value) } })]],
  [
    'the audit trail',
    (value) => [
      authenticate({
        ...options,
        scope: 'admin',
        audit: untypedValue({ enabled: true, record: rejecting(value) }),
      }),
    ],
  ],
  [
    'a verify function',
    (value) => {
      const authenticator = new passport.Passport();
      authenticator.use(new JweStrategy(options, rejecting(value)));
      return [authenticator.authenticate('jwe', { session: false })];
    },
  ],
  [
    'scopeFromUser',
    (value) => [
      (req, _res, next) => {
        Object.assign(req, { user: {} });
        next();
      },
      scopeFromUser(throwing(value)),
      requireScope('admin'),
    ],
  ],
];

function createApp(guards: readonly RequestHandler[]): Express {
  const app = express().set('env', 'test');
  const open: RequestHandler = (_req, res) => void res.json({ opened: true });
  app.get('/', ...guards, open);
  app.get('/', open);
  return app;
}

describe.each(GUARDED)('a failure in %s', (_name, guardsFor) => {
  test.each(VALUES)('with $value opens no route', async ({ value }) => {
    const answer = await request(createApp(guardsFor(value)))
      .get('/')
      .auth(token, { type: 'bearer' });

    expect(answer.status).toBe(500);
    expect(answer.body).not.toEqual({ opened: true });
  });
});
