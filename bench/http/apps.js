import { createSecretKey } from 'node:crypto';
import express from 'express';
import { expressjwt } from 'express-jwt';
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer';
import passport from 'passport';
import { authenticate, createKeyRing, JweStrategy, requireScope } from 'passport-jwe';
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt';
import { openToken } from '../floor.js';
import { AUDIENCE, ISSUER } from '../token.js';

/**
 * What all applications are made of.
 * @typedef {object} Material
 * @property {string} ringSecret of the key ring, in base64url
 * @property {string} contentKey that it derives for the audience, in base64url
 * @property {string} signingKey of the tokens that are signed and not encrypted, as text
 */

const SCOPE = 'execute:models';
const HS256 = { issuer: ISSUER, audience: AUDIENCE, algorithms: ['HS256'] };

/**
 * How each subject is set up. All have the one route behind them; what is not built in, as the check of the scope in
 * two of the peers, is added in a line.
 * @type {Record<string, (material: Material) => Promise<() => import('express').Express>>}
 */
export const APPS = {
  bare: async () => () => createApp([]),

  floor: async ({ contentKey }) => {
    const key = createSecretKey(contentKey, 'base64url');
    return () =>
      createApp([
        (req, _res, next) => {
          req.auth = openToken(req.headers.authorization.slice('Bearer '.length), key);
          next();
        },
      ]);
  },

  'passport-jwe': async ({ ringSecret }) => {
    const options = await acceptOptions(ringSecret);
    return () => createApp([authenticate(options), requireScope(SCOPE)]);
  },

  'passport-jwe, Passport': async ({ ringSecret }) => {
    const options = await acceptOptions(ringSecret);
    return () => createApp([byPassport('jwe', new JweStrategy(options)), requireScope(SCOPE)]);
  },

  'passport-jwt': async ({ signingKey }) => {
    const options = {
      ...HS256,
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: createSecretKey(signingKey, 'latin1'),
    };
    const strategy = new JwtStrategy(options, (payload, done) => done(null, payload));
    return () => createApp([byPassport('jwt', strategy), checkScope((req) => req.user)]);
  },

  'express-jwt': async ({ signingKey }) => {
    const secret = createSecretKey(signingKey, 'latin1');
    return () => createApp([expressjwt({ ...HS256, secret }), checkScope((req) => req.auth)]);
  },

  'express-oauth2-jwt-bearer': async ({ signingKey }) => {
    const options = { issuer: ISSUER, audience: AUDIENCE, secret: signingKey, tokenSigningAlg: 'HS256' };
    return () => createApp([auth(options), requiredScopes(SCOPE)]);
  },
};

/** @param {string} ringSecret */
async function acceptOptions(ringSecret) {
  const keyRing = await createKeyRing({ current: { secret: Buffer.from(ringSecret, 'base64url') } });
  return { keyRing, issuer: ISSUER, audience: AUDIENCE };
}

/** @param {readonly import('express').RequestHandler[]} guards */
function createApp(guards) {
  const app = express();
  app.get('/', ...guards, (_req, res) => res.json({ ok: true }));
  return app;
}

/**
 * @param {string} name
 * @param {import('passport').Strategy} strategy
 */
function byPassport(name, strategy) {
  passport.use(name, strategy);
  return passport.authenticate(name, { session: false });
}

/** @param {(req: import('express').Request) => { scope: string }} claimsOf */
function checkScope(claimsOf) {
  return (req, res, next) => {
    if (claimsOf(req).scope.split(' ').includes(SCOPE)) next();
    else res.sendStatus(403);
  };
}
