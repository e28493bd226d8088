import { describe, expect, test } from '@jest/globals';
import express, { type RequestHandler } from 'express';
import {
  authenticate,
  createTokenVerifier,
  JweStrategy,
  requireAnyScope,
  requireAudience,
  requireClaim,
  requireClaims,
  requireEndpoint,
  requireFunctions,
  requireMaxAge,
  requireModel,
  requireProof,
  requireScope,
  requireType,
} from 'passport-jwe';
import request from 'supertest';
import { rejectionOf, thrownBy } from '../support/caught.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

const keyRing = await createRing();
const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, clock };
const verifier = createTokenVerifier(options);
const token = mintToken(keyRing);

type Factory = (...args: never) => unknown;

type Call = readonly [call: string, callee: Factory, args: readonly unknown[], message: RegExp];

const SECRET = 'SECRET-0a8f77';

const WRONG_GUARDS: readonly Call[] = [
  [
    'requireScope()',
    requireScope,
    [],
    /^requireScope: pass at least one scope token, for example requireScope\(/,
  ],
  [
    "requireScope(['a', 'b'])",
    requireScope,
    [['a', 'b']],
    /^requireScope: pass each scope token as a separate argument, or spread the array: requireScope\(\.\.\.array\)/,
  ],
  [
    "requireScope('a b')",
    requireScope,
    ['a b'],
    /^requireScope: each scope token must be a string without spaces .* separate/,
  ],
  ['requireScope(undefined)', requireScope, [undefined], /^requireScope: each scope token must be a string/],
  ["requireScope('')", requireScope, [''], /^requireScope: each scope token must be a string/],
  ['requireAnyScope()', requireAnyScope, [], /^requireAnyScope: pass at least one scope token/],
  [
    "requireAnyScope(['a'])",
    requireAnyScope,
    [['a']],
    /^requireAnyScope: .* spread the array: requireAnyScope\(\.\.\.array\)/,
  ],
  [
    "requireAnyScope('a b')",
    requireAnyScope,
    ['a b'],
    /^requireAnyScope: each scope token must be a string without spaces/,
  ],
  [
    'requireAnyScope(undefined)',
    requireAnyScope,
    [undefined],
    /^requireAnyScope: each scope token must be a string/,
  ],
  [
    'requireAudience()',
    requireAudience,
    [],
    /^requireAudience: pass at least one audience, for example requireAudience\('https:/,
  ],
  [
    "requireAudience(['x'])",
    requireAudience,
    [['x']],
    /^requireAudience: pass each audience as a separate argument/,
  ],
  [
    'requireType()',
    requireType,
    [],
    /^requireType: pass at least one token type, for example requireType\('user'/,
  ],
  [
    "requireType('nope')",
    requireType,
    ['nope'],
    /^requireType: each token type must be one of user, .*service.*external/,
  ],
  ["requireType('refresh')", requireType, ['refresh'], /^requireType: each token type must be one of user/],
  [
    "requireClaim('role', 'admin', 'editor')",
    requireClaim,
    ['role', 'admin', 'editor'],
    /^requireClaim: pass at most one expected value; for several, write a function/,
  ],
  [
    'requireClaim()',
    requireClaim,
    [],
    /^requireClaim: name must be a non-empty string, for example requireClaim\('tenant'/,
  ],
  [
    "requireClaim('x', undefined)",
    requireClaim,
    ['x', undefined],
    /^requireClaim: expected must be .*: set it, or omit it/,
  ],
  [
    "requireClaim('x', {})",
    requireClaim,
    ['x', {}],
    /^requireClaim: expected must be .*: for other values, write a function/,
  ],
  [
    'requireClaims(undefined)',
    requireClaims,
    [undefined],
    /^requireClaims: accepts must be a function, for example requireClaims\(/,
  ],
  ["requireClaims('tenant')", requireClaims, ['tenant'], /^requireClaims: accepts must be a function/],
  [
    "requireMaxAge('5 minutes')",
    requireMaxAge,
    ['5 minutes'],
    /^requireMaxAge: maxAge must be .* such as "15m"/,
  ],
  ['requireMaxAge(0)', requireMaxAge, [0], /^requireMaxAge: maxAge must be a positive number of seconds/],
  ['requireMaxAge()', requireMaxAge, [], /^requireMaxAge: maxAge must be a positive number of seconds/],
  [
    'requireModel()',
    requireModel,
    [],
    /^requireModel: select must be a function, for example requireModel\(\(req\)/,
  ],
  ["requireModel('gpt')", requireModel, ['gpt'], /^requireModel: select must be a function/],
  ['requireFunctions()', requireFunctions, [], /^requireFunctions: select must be a function, for example/],
];

const SECRET_ARGUMENTS: readonly (readonly [string, Factory, readonly unknown[]])[] = [
  ['requireScope([secret])', requireScope, [[SECRET]]],
  ['requireScope(secret with a space)', requireScope, [`${SECRET} ${SECRET}`]],
  ['requireAudience([secret])', requireAudience, [[SECRET]]],
  ['requireType(secret)', requireType, [SECRET]],
  ['requireClaim(name, { secret })', requireClaim, ['x', { [SECRET]: SECRET }]],
  ['requireClaims(secret)', requireClaims, [SECRET]],
  ['requireMaxAge(secret)', requireMaxAge, [SECRET]],
  ['requireModel(secret)', requireModel, [SECRET]],
];

const WRONG_OPTIONS: readonly (readonly [string, unknown, RegExp])[] = [
  ['no options', undefined, /: options must be an object, for example \{ keyRing, issuer, audience \}/],
  ['a key ring as the options', keyRing, /: unknown option environment; expected one of: keyRing, issuer/],
  [
    'secret',
    { ...options, secret: SECRET },
    /: unknown option secret: write keyRing, for example .*createKeyRing/,
  ],
  ['secretOrKey', { ...options, secretOrKey: SECRET }, /: unknown option secretOrKey: write keyRing/],
  ['algorithms', { ...options, algorithms: ['HS256'] }, /: unknown option algorithms: remove it/],
  ['issuerBaseURL', { ...options, issuerBaseURL: ISSUER }, /: unknown option issuerBaseURL: write issuer/],
  ['audiences', { ...options, audiences: [AUDIENCE] }, /: unknown option audiences: write audience/],
  ['isRevoked', { ...options, isRevoked: () => false }, /: unknown option isRevoked: write revocations/],
  [
    'ignoreExpiration',
    { ...options, ignoreExpiration: true },
    /: unknown option ignoreExpiration: remove it/,
  ],
  [
    'a misspelt option',
    { ...options, audience_: AUDIENCE },
    /: unknown option .*; expected one of: keyRing, issuer, audience/,
  ],
  [
    'a secret in place of a name',
    { ...options, [SECRET]: 1 },
    /: unknown option \(.*not shown.*\); expected one of:/,
  ],
];

const CONSTRUCTORS: readonly (readonly [string, (options: unknown) => unknown])[] = [
  ['authenticate', (given) => Reflect.apply(authenticate, undefined, [given])],
  ['JweStrategy', (given) => Reflect.construct(JweStrategy, [given])],
  ['createTokenVerifier', (given) => Reflect.apply(createTokenVerifier, undefined, [given])],
];

const MOUNTED: readonly (readonly [string, Factory])[] = [
  ['authenticate', authenticate],
  ['requireScope', requireScope],
  ['requireAnyScope', requireAnyScope],
  ['requireAudience', requireAudience],
  ['requireType', requireType],
  ['requireClaim', requireClaim],
  ['requireClaims', requireClaims],
  ['requireMaxAge', requireMaxAge],
  ['requireModel', requireModel],
  ['requireFunctions', requireFunctions],
  ['requireEndpoint', requireEndpoint],
  ['requireProof', requireProof],
];

describe('a wrong call of a guard', () => {
  test.each(WRONG_GUARDS)(
    '%s throws an error that names the guard and the remedy',
    (_, callee, args, message) => {
      const error = thrownBy(() => Reflect.apply(callee, undefined, args));

      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ message: expect.stringMatching(message) });
    },
  );

  test.each(SECRET_ARGUMENTS)('%s throws an error without the value', (_, callee, args) => {
    expect(String(thrownBy(() => Reflect.apply(callee, undefined, args)))).not.toContain(SECRET);
  });
});

const OTHER_LIBRARIES = [
  ...[
    'secret',
    'secretOrKey',
    'jwksUri',
    'jwtFromRequest',
    'getToken',
    'algorithms',
    'issuerBaseURL',
    'issuers',
  ],
  ...['audiences', 'scopes', 'clockTolerance', 'maxAge', 'isRevoked', 'validators', 'requestProperty'],
  ...['authRequired', 'ignoreExpiration'],
];

describe.each(CONSTRUCTORS)('%s', (name, construct) => {
  test.each(OTHER_LIBRARIES)('advises only options that it has, for %s', (option) => {
    const { message } = Object(thrownBy(() => construct({ ...options, [option]: 1 })));
    const [, advised = 'keyRing'] = /: write (\w+)/.exec(message) ?? [];
    const again = String(thrownBy(() => construct({ ...options, keyRing: undefined, [advised]: undefined })));

    expect(message).toMatch(/: (write|remove it)|; expected one of: /);
    expect(again).not.toContain(`unknown option ${advised}`);
  });

  test.each(WRONG_OPTIONS)('rejects %s, naming the option and the remedy', (_, given, message) => {
    const error = thrownBy(() => construct(given));

    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect(String(error)).toMatch(new RegExp(`^TypeError: ${name}: `));
    expect(String(error)).not.toContain(SECRET);
  });
});

describe('a middleware factory mounted in place of its middleware', () => {
  test.each(MOUNTED)(
    'app.use(%s) passes an error with the remedy to the error handlers',
    async (name, factory) => {
      const app = express();
      app.use(authenticate(options));
      app.use(((...args) => Reflect.apply(factory, undefined, args)) satisfies RequestHandler);
      app.get('/', (_req, res) => void res.json({ reached: true }));
      app.use(((error, _req, res, _next) => {
        res.status(500).json({ name: error.name, message: error.message });
      }) satisfies express.ErrorRequestHandler);
      const answer = await request(app).get('/').auth(token, { type: 'bearer' });

      expect(answer.body).toEqual({
        name: 'TypeError',
        message: expect.stringMatching(
          new RegExp(
            `^${name}: received a request: write app\\.use\\(${name}\\(.*\\), not app\\.use\\(${name}\\)$`,
          ),
        ),
      });
    },
  );
});

describe('verify', () => {
  test.each([
    [
      'undefined',
      undefined,
      /^verify: token must be a string: pass the token that the client sent, and reject/,
    ],
    ['a request header object', { authorization: 'x' }, /^verify: token must be a string: pass the token/],
    [
      'a Buffer',
      Buffer.from(token),
      /^verify: token must be a string: convert the bytes with buffer\.toString\("latin1"\)/,
    ],
    [
      'a promise',
      Promise.resolve(token),
      /^verify: token must be a string: await the promise: verify\(await token\)/,
    ],
  ])('rejects %s with a TypeError that names the remedy', async (_, given, message) => {
    const error = await rejectionOf(Reflect.apply(verifier.verify, verifier, [given]));

    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
  });

  test.each(['Bearer', 'bearer'])(
    'rejects a token with the scheme %s as invalid, and its cause names the remedy',
    async (scheme) => {
      expect(await rejectionOf(verifier.verify(`${scheme} ${token}`))).toMatchObject({
        ...{ name: 'InvalidTokenError', status: 401 },
        cause: new TypeError(
          'verify: token must not include the scheme "Bearer": pass the token without the scheme, for example header.slice("Bearer ".length)',
        ),
      });
    },
  );
});
