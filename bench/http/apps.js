import { createSecretKey } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { expressjwt } from 'express-jwt';
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer';
import passport, { Strategy } from 'passport';
import {
  authenticate,
  createKeyRing,
  createMemoryStores,
  createRevocations,
  JweStrategy,
  loadApiKeys,
  requireScope,
  tokenRouter,
} from 'passport-jwe';
import { openRedisStores } from 'passport-jwe/redis';
import { ExtractJwt, Strategy as JwtStrategy } from 'passport-jwt';
import { createProofFloor, ORIGIN, UNLIMITED_PROOFS } from '../dpop-clients.js';
import { openToken } from '../floor.js';
import { AUDIENCE, ISSUER } from '../token.js';

/**
 * Keys and addresses that all applications use.
 * @typedef {object} Material
 * @property {string} ringSecret of the key ring, in base64url
 * @property {string} contentKey derived for the audience, in base64url
 * @property {string} signingKey of the signed, unencrypted tokens, as a string
 * @property {string} [redisUrl] if Redis is available
 */

const SCOPE = 'execute:models';
const HS256 = { issuer: ISSUER, audience: AUDIENCE, algorithms: ['HS256'] };

/** API key of the client of the token endpoint. */
export const API_KEY = 'bench_measuring_of_token_endpoint_0001';

const API_KEY_FILE = `
key_id: acme-reporting
api_key: ${API_KEY}
name: Acme reporting
type: tiered_model_exec
permissions: [${SCOPE}, read:documents]
models: [{ name: gpt-5, endpoint: "echo:" }]
rate_limits: {}
`;

/** Groups of the person in the directory. One of them grants the permissions. */
const GROUPS = Array.from({ length: 20 }, (_, index) => `cn=group-${index},ou=groups,dc=example,dc=com`);

/** Fields of API keys with users. */
const ASSERTED_USERS = 'users: true\n';
const DIRECTORY_USERS = `users: { directory: corp }
group_permissions: { "${GROUPS[7]}": [${SCOPE}, read:documents] }
`;

/** A directory with one person, who is in the cache of the token router after the first request. */
function createDirectory() {
  const person = {
    ...{ id: 'b3f0c1de-7a55-4d0b-9c1f-2f6f0a4b1c2d', dn: 'uid=alice', name: 'alice', state: 'active' },
    ...{ groups: GROUPS, claims: { email: 'alice@example.com' } },
  };
  const find = async () => person;
  return { findByName: find, findById: find, isReady: () => true };
}

/** Measures the overhead of Passport alone. */
class AcceptAll extends Strategy {
  authenticate() {
    this.success({});
  }
}

/**
 * Creates the application of each subject. All protect the same route. A missing feature, such as the scope check in
 * two of the peers, is added in one line. These two are measured with the secret as a string, as in their READMEs, and
 * with a KeyObject: jsonwebtoken checks on each call whether a string is a public key.
 * @type {Record<string, (material: Material) => Promise<import('express').Express>>}
 */
export const APPS = {
  bare: async () => createApp([]),

  floor: async ({ contentKey }) => {
    const key = createSecretKey(contentKey, 'base64url');
    return createApp([
      (req, _res, next) => {
        req.auth = openToken(req.headers.authorization.slice('Bearer '.length), key);
        next();
      },
    ]);
  },

  'passport-jwe': async ({ ringSecret }) =>
    createApp([authenticate(await acceptOptions(ringSecret)), requireScope(SCOPE)]),

  'passport-jwe, Passport': async ({ ringSecret }) => {
    const strategy = new JweStrategy(await acceptOptions(ringSecret));
    return createApp([byPassport('jwe', strategy), requireScope(SCOPE)]);
  },

  'Passport alone': async () => createApp([byPassport('nobody', new AcceptAll())]),

  'passport-jwt': async ({ signingKey }) => byPassportJwt(signingKey),
  'passport-jwt, KeyObject': async ({ signingKey }) => byPassportJwt(createSecretKey(signingKey, 'latin1')),

  'express-jwt': async ({ signingKey }) => byExpressJwt(signingKey),
  'express-jwt, KeyObject': async ({ signingKey }) => byExpressJwt(createSecretKey(signingKey, 'latin1')),

  'express-oauth2-jwt-bearer': async ({ signingKey }) => {
    const options = { issuer: ISSUER, audience: AUDIENCE, secret: signingKey, tokenSigningAlg: 'HS256' };
    return createApp([auth(options), requiredScopes(SCOPE)]);
  },

  'ES256 verification': async () => {
    const verifyProof = createProofFloor();
    return createApp([
      (req, _res, next) => {
        verifyProof(req.headers.dpop);
        next();
      },
    ]);
  },
  'passport-jwe, DPoP required': ({ ringSecret }) => createDpopApp(ringSecret, { mode: 'require' }),
  'passport-jwe, DPoP nonces': ({ ringSecret }) =>
    createDpopApp(ringSecret, { mode: 'require', nonce: true }),
  'passport-jwe, DPoP allowed': ({ ringSecret }) => createDpopApp(ringSecret, { mode: 'allow' }),
  'express-oauth2-jwt-bearer, DPoP': async ({ signingKey }) => {
    const options = { issuer: ISSUER, audience: AUDIENCE, secret: signingKey, tokenSigningAlg: 'HS256' };
    const dpop = { enabled: true, required: true };
    return createApp([auth({ ...options, dpop }), requiredScopes(SCOPE)]);
  },

  'memory store': ({ ringSecret }) => createRevocableApp(ringSecret, createMemoryStores()),
  'Redis store': async ({ ringSecret, redisUrl }) =>
    createRevocableApp(ringSecret, await openRedisStores({ url: redisUrl })),

  'bare form': async () => {
    const app = express();
    app.post('/token', express.urlencoded(), (req, res) => res.json({ access_token: req.body.grant_type }));
    return app;
  },
  'token router': ({ ringSecret }) => createIssuer(ringSecret),
  'token router, users': ({ ringSecret }) => createIssuer(ringSecret, ASSERTED_USERS),
  'token router, directory': ({ ringSecret }) =>
    createIssuer(ringSecret, DIRECTORY_USERS, { directories: { corp: createDirectory() } }),
};

/** @param {string} ringSecret */
async function acceptOptions(ringSecret) {
  const keyRing = await createKeyRing({ current: { secret: Buffer.from(ringSecret, 'base64url') } });
  return { keyRing, issuer: ISSUER, audience: AUDIENCE };
}

/**
 * @param {string} ringSecret
 * @param {Partial<import('passport-jwe').DpopOptions>} dpop
 */
async function createDpopApp(ringSecret, dpop) {
  const options = { baseUrl: ORIGIN, replay: UNLIMITED_PROOFS, ...dpop };
  return createApp([
    authenticate({ ...(await acceptOptions(ringSecret)), dpop: options }),
    requireScope(SCOPE),
  ]);
}

/**
 * @param {string} ringSecret
 * @param {import('passport-jwe').Stores} stores
 */
async function createRevocableApp(ringSecret, stores) {
  const revocations = createRevocations({ stores });
  const options = { ...(await acceptOptions(ringSecret)), revocations, tokenCache: false };
  return createApp([authenticate(options), requireScope(SCOPE)]);
}

/**
 * @param {string} ringSecret
 * @param {string} fields of the API key file
 * @param {Partial<import('passport-jwe').TokenRouterOptions>} options
 */
async function createIssuer(ringSecret, fields = '', options = {}) {
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-bench-'));
  await writeFile(join(directory, 'bench.yaml'), `${API_KEY_FILE}${fields}`);
  const apiKeys = await loadApiKeys({ directory });
  await rm(directory, { recursive: true });
  const app = express();
  const service = { ...(await acceptOptions(ringSecret)), apiKeys, stores: createMemoryStores() };
  app.use(tokenRouter({ ...service, ...options }));
  return app;
}

/** @param {string | import('node:crypto').KeyObject} secretOrKey */
function byPassportJwt(secretOrKey) {
  const options = { ...HS256, jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey };
  const strategy = new JwtStrategy(options, (payload, done) => done(null, payload));
  return createApp([byPassport('jwt', strategy), checkScope((req) => req.user)]);
}

/** @param {string | import('node:crypto').KeyObject} secret */
function byExpressJwt(secret) {
  return createApp([expressjwt({ ...HS256, secret }), checkScope((req) => req.auth)]);
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
