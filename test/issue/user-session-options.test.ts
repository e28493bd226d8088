import { describe, expect, test } from '@jest/globals';
import {
  createKeyRing,
  createMemoryStores,
  createRevocations,
  createUserSessions,
  sessionRouter,
} from 'passport-jwe';
import { z } from 'zod';
import { rejectionOf } from '../support/caught.js';
import { AUDIENCE, clock, createRing, ISSUER, secretOf } from '../support/tokens.js';
import { untyped, untypedValue } from '../support/untyped.js';

const stores = createMemoryStores();
const keyRing = await createRing();
const VALID = {
  ...{ keyRing, issuer: ISSUER, audience: AUDIENCE, stores, clock },
  revocations: createRevocations({ stores }),
};
const underived = await createKeyRing({
  current: {
    jwk: { kty: 'oct', k: secretOf(2).toString('base64url'), alg: 'dir', enc: 'A256GCM', kid: 'a' },
  },
});
const userSessions = createUserSessions(VALID);
const { refreshToken, sessionId } = await userSessions.start({ subject: 'alice' });

/** Wrong options, each with the option that the error names and the remedy. */
const OPTIONS: readonly (readonly [string, unknown, RegExp])[] = [
  ['no issuer', { issuer: undefined }, /issuer must be a string of 1 to 200 characters/],
  ['several issuers', { issuer: [ISSUER] }, /issuer must be a string of 1 to 200 characters/],
  [
    'an issuer that could be a key_id',
    { issuer: 'auth' },
    /issuer must not have the form of a key_id if tokens are for users: pass a URL/,
  ],
  ['several audiences', { audience: [AUDIENCE] }, /audience must be a non-empty string/],
  ['no stores', { stores: undefined }, /stores\.families is required: pass the stores of a driver/],
  ['no revocations', { revocations: undefined }, /revocations is required: pass createRevocations/],
  [
    'revocations that only check',
    { revocations: { isRevoked: () => false } },
    /revocations is required: pass createRevocations/,
  ],
  ['claims instead of a hook', { claims: { tenant: 'acme' } }, /claims must be a function/],
  ['a schema of no library', { claimsSchema: {} }, /claimsSchema must be a Standard Schema/],
  ['a lifetime of another format', { lifetime: '1 hour' }, /lifetime must be .* such as "15m"/],
  [
    'a lifetime beyond the maximum',
    { lifetime: '2h', maxTokenLifetimeSeconds: 3600 },
    /lifetime exceeds maxTokenLifetimeSeconds of createUserSessions\(\), 3600 seconds: shorten it, or raise/,
  ],
  ['an unknown option', { apiKeys: {} }, /unknown option apiKeys/],
  ['an unknown lifetime of refresh tokens', { refresh: { ttl: 1 } }, /refresh: unknown option ttl/],
  [
    'sessions that outlive their revocations',
    { refresh: { absoluteSeconds: 8_000_000 } },
    /raise maxTokenLifetimeSeconds of createRevocations\(\)/,
  ],
];

describe('createUserSessions', () => {
  test.each(OPTIONS)('rejects %s, naming the option and the remedy', (_, wrong, message) => {
    const create = () => createUserSessions(untypedValue({ ...VALID, ...Object(wrong) }));

    expect(create).toThrow(TypeError);
    expect(create).toThrow(message);
    expect(create).toThrow(/^createUserSessions: /);
  });

  test('rejects a key ring without a root', () => {
    expect(() => createUserSessions({ ...VALID, keyRing: underived })).toThrow(
      /^createUserSessions: keyRing: /,
    );
  });

  test('rejects a copy of a key ring', () => {
    expect(() => createUserSessions({ ...VALID, keyRing: { ...keyRing } })).toThrow(
      'createUserSessions: keyRing must be a KeyRing',
    );
  });
});

type Call = (sessions: typeof userSessions) => Promise<unknown>;

/** Wrong calls, each with the option that the error names and the remedy. */
const CALLS: readonly (readonly [string, Call, RegExp])[] = [
  ['start without a request', (s) => s.start(untypedValue(undefined)), /start: options must be an object/],
  ['start without a subject', (s) => s.start(untyped({})), /start: subject must be a string of 1 to 200/],
  ['start with a number', (s) => s.start(untyped({ subject: 1 })), /write String\(subject\)/],
  [
    'start for the issuer',
    (s) => s.start({ subject: ISSUER }),
    /subject must not be the issuer: pass the ID/,
  ],
  [
    'start with a wrong scope',
    (s) => s.start({ subject: 'a', scope: ['a b'] }),
    /start: scope must be scope tokens/,
  ],
  ['start with an empty device', (s) => s.start({ subject: 'a', deviceId: '' }), /start: deviceId must be/],
  [
    'start with claims',
    (s) => s.start(untyped({ subject: 'a', claims: {} })),
    /start: unknown option claims/,
  ],
  [
    'start with an empty address',
    (s) => s.start({ subject: 'a', ip: '' }),
    /start: ip must be a non-empty string/,
  ],
  [
    'refresh without a token',
    (s) => s.refresh(untypedValue(undefined)),
    /refreshToken must be a string: reject/,
  ],
  [
    'refresh with a body',
    (s) => s.refresh(untyped({ refreshToken })),
    /refreshToken must be a string: reject/,
  ],
  [
    'refresh with a subject',
    (s) => s.refresh(refreshToken, untyped({ subject: 'a' })),
    /unknown option subject/,
  ],
  [
    'end nothing',
    (s) => s.end(untypedValue(undefined)),
    /end: session must be a refresh token or \{ subject, sessionId \}: to end/,
  ],
  ['end without a subject', (s) => s.end(untyped({ sessionId })), /end: subject must be a string/],
  ['end without a session', (s) => s.end(untyped({ subject: 'alice' })), /end: sessionId must be a string/],
  ['endAll without a subject', (s) => s.endAll(untypedValue(undefined)), /endAll: subject must be a string/],
  [
    'endAll but an unknown session',
    (s) => s.endAll('alice', untypedValue({ keep: undefined })),
    /endAll: keep must be a string/,
  ],
  [
    'endAll with a misspelt option',
    (s) => s.endAll('alice', untyped({ except: sessionId })),
    /unknown option except/,
  ],
  ['list without a subject', (s) => s.list(untypedValue(undefined)), /list: subject must be a string/],
  ['list with a misspelt option', (s) => s.list('alice', untyped({ max: 1 })), /list: unknown option max/],
  ['list with a limit of 0', (s) => s.list('alice', { limit: 0 }), /limit must be an integer from 1 to 1000/],
];

describe('sessions of users', () => {
  test.each(CALLS)('reject %s, naming the option and the remedy', async (_, call, message) => {
    const error = await rejectionOf(call(userSessions));

    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringMatching(message) });
    expect((await userSessions.list('alice')).sessions).toHaveLength(1);
  });

  test.each([[null], ['acme'], [['acme']]])('reject a claims hook that returns %j', async (claims) => {
    const wrong = createUserSessions({ ...VALID, claims: () => untypedValue(claims) });

    expect(await rejectionOf(wrong.start({ subject: 'bob' }))).toMatchObject({
      name: 'TypeError',
      message: expect.stringContaining('or undefined if the user may no longer sign in'),
    });
  });

  test('reject a claims hook that returns a reserved claim', async () => {
    const wrong = createUserSessions({ ...VALID, claims: () => ({ sub: 'eve' }) });

    expect(await rejectionOf(wrong.start({ subject: 'bob' }))).toMatchObject({
      message: 'issue: the claim sub is reserved: set subject',
    });
  });

  test('reject claims that claimsSchema rejects', async () => {
    const claimsSchema = z.object({ tenant: z.string().min(3) });
    const wrong = createUserSessions({ ...VALID, claimsSchema, claims: () => ({ tenant: 'x' }) });

    expect(await rejectionOf(wrong.start({ subject: 'bob' }))).toMatchObject({
      message: expect.stringContaining('claimsSchema rejects claims.tenant'),
    });
  });

  test('are not those that sessionRouter takes', () => {
    expect(() => sessionRouter(untypedValue({ sessions: userSessions }))).toThrow(
      'sessionRouter: sessions must be a Sessions object: pass the result of createSessions({ stores, revocations })',
    );
  });
});

// The compiler checks that the last three calls are errors. At run time, all of them are valid.
test('custom claims have the types of the application', () => {
  const create = () => {
    const claimsSchema = z.object({ tenant: z.string() });
    createUserSessions({ ...VALID, claims: ({ subject }) => ({ tenant: subject }) });
    createUserSessions<{ tenant: string }>({ ...VALID, claims: async () => undefined });
    createUserSessions({ ...VALID, claimsSchema, claims: async () => ({ tenant: 'acme' }) });
    // @ts-expect-error The claims hook is missing.
    createUserSessions<{ tenant: string }>(VALID);
    // @ts-expect-error The claims hook is missing.
    createUserSessions({ ...VALID, claimsSchema });
    // @ts-expect-error The claims do not match the schema.
    createUserSessions({ ...VALID, claimsSchema, claims: () => ({ tenant: 4711 }) });
  };

  expect(create).not.toThrow();
});
