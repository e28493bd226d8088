import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../src/base/json.js';
import type { Revocable } from '../../src/revocation/revocable.js';
import { createRevocations } from '../../src/revocation/revocations.js';
import { createMemoryStores } from '../../src/stores/memory/create-memory-stores.js';
import { narrowByType, narrowToExternal } from '../../src/token/claims/token-types.js';
import type { VerifiedToken } from '../../src/token/claims/verified-token.js';
import { createTokenVerifier } from '../../src/verify/token-verifier.js';
import { AUDIENCE, createRing, ISSUER, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

/** A token with these claims, as verification yields it. */
function tokenOf(overrides: JsonObject = {}): VerifiedToken {
  const claims = {
    iss: 'i',
    aud: 'a',
    exp: NOW + 600,
    iat: NOW,
    jti: 'j1',
    sub: 'alice',
    client_id: 'demo',
    session_id: 's1',
    type: 'service',
    ...overrides,
  };
  return narrowByType(claims, { kid: 'k1' }, []);
}

function setUp(now = NOW) {
  let current = now;
  const store = createMemoryStores({ clock: () => current }).revocations;
  const revocations = createRevocations({ stores: { revocations: store }, clock: () => current });
  return {
    store,
    revocations,
    setTime: (time: number) => {
      current = time;
    },
  };
}

async function isRevokedBy(target: Revocable, token: VerifiedToken): Promise<boolean> {
  const { revocations } = setUp();
  await revocations.revoke(target);
  return revocations.isRevoked(token);
}

const TARGETS: readonly (readonly [string, Revocable, JsonObject])[] = [
  ['its jti', { kind: 'token', jti: 'j1', expiresAt: NOW + 600 }, { jti: 'j2' }],
  [
    'its jti as one of its client',
    { kind: 'token', jti: 'j1', clientId: 'demo', expiresAt: NOW + 600 },
    { client_id: 'other' },
  ],
  ['its session', { kind: 'session', clientId: 'demo', sessionId: 's1' }, { session_id: 's2' }],
  [
    'its session as one of its subject',
    { kind: 'session', clientId: 'demo', sessionId: 's1', subject: 'alice' },
    { sub: 'bob' },
  ],
  ['its API key', { kind: 'api_key', clientId: 'demo' }, { client_id: 'other' }],
  ['its subject', { kind: 'subject', clientId: 'demo', subject: 'alice' }, { sub: 'bob' }],
];

describe.each(TARGETS)('a token is revoked by %s', (_name, target, different) => {
  test('but no token of another', async () => {
    expect(await isRevokedBy(target, tokenOf())).toBe(true);
    expect(await isRevokedBy(target, tokenOf(different))).toBe(false);
  });

  test('through its lineage, if it is delegated', async () => {
    const ancestor = { jti: 'j1', client_id: 'demo', sub: 'alice', session_id: 's1', iat: NOW };
    const delegated = {
      type: 'delegation',
      jti: 'j9',
      client_id: 'agent',
      sub: 'agent',
      session_id: 's9',
      delegator: 'alice',
      delegated_to: 'agent',
      act: { sub: 'agent' },
      expires_at: NOW + 600,
    };

    expect(await isRevokedBy(target, tokenOf({ ...delegated, lineage: [ancestor] }))).toBe(true);
    expect(
      await isRevokedBy(target, tokenOf({ ...delegated, lineage: [{ ...ancestor, ...different }] })),
    ).toBe(false);
  });
});

describe('an API key', () => {
  test('is revoked up to issuedUpTo, if given', async () => {
    const { revocations } = setUp();
    await revocations.revoke({ kind: 'api_key', clientId: 'demo', issuedUpTo: NOW - 10 });

    expect(revocations.isRevoked(tokenOf({ client_id: 'demo', iat: NOW - 10 }))).toBe(true);
    expect(revocations.isRevoked(tokenOf({ client_id: 'demo', iat: NOW - 9 }))).toBe(false);
  });
});

const FAMILY = { clientId: 'demo', subject: 'alice', sessionId: 's1', createdAt: NOW };

describe('a refresh-token family', () => {
  test.each([
    ['its session', { kind: 'session', clientId: 'demo', sessionId: 's1' }],
    ['that of its subject', { kind: 'session', clientId: 'demo', sessionId: 's1', subject: 'alice' }],
    ['its API key', { kind: 'api_key', clientId: 'demo' }],
    ['its subject', { kind: 'subject', clientId: 'demo', subject: 'alice' }],
  ] as const)('ends with %s, unless it began later', async (_name, target) => {
    const { revocations } = setUp();
    await revocations.revoke(target);

    expect(revocations.isFamilyRevoked(FAMILY)).toBe(true);
    expect(revocations.isFamilyRevoked({ ...FAMILY, createdAt: NOW + 1 })).toBe(false);
  });

  test('ends with the kid of its token', async () => {
    const { revocations } = setUp();
    await revocations.revoke({ kind: 'kid', kid: 'k1' });

    expect(revocations.isFamilyRevoked({ ...FAMILY, kid: 'k1' })).toBe(true);
    expect(revocations.isFamilyRevoked({ ...FAMILY, kid: 'k2' })).toBe(false);
  });

  test('also ends if it began within the second of the cut-off', async () => {
    const { revocations } = setUp();
    await revocations.revoke({ kind: 'api_key', clientId: 'demo' });

    expect(revocations.isFamilyRevoked({ ...FAMILY, createdAt: NOW + 0.3 })).toBe(true);
  });

  test.each([
    ['session', { kind: 'session', clientId: 'other', sessionId: 's1' }],
    ['session of its name', { kind: 'session', clientId: 'demo', sessionId: 's1', subject: 'bob' }],
    ['subject', { kind: 'subject', clientId: 'other', subject: 'alice' }],
    ['token', { kind: 'token', jti: 'j1', expiresAt: NOW + 600 }],
  ] as const)('does not end with the %s of another', async (_name, target) => {
    const { revocations } = setUp();
    await revocations.revoke(target);

    expect(revocations.isFamilyRevoked(FAMILY)).toBe(false);
  });
});

test('a refresh-token family ends by a revocation in the second in which it began, as its tokens do', async () => {
  const { revocations, setTime } = setUp();
  setTime(NOW + 0.9);
  await revocations.revoke({ kind: 'subject', clientId: 'demo', subject: 'alice' });

  expect(revocations.isFamilyRevoked({ ...FAMILY, createdAt: NOW + 0.1 })).toBe(true);
  expect(revocations.isFamilyRevoked({ ...FAMILY, createdAt: NOW + 1 })).toBe(false);
});

const DAY = 86_400;

/** Revocations that are folded at once, and the targets that fill them. */
function setUpFolding() {
  const { setTime, ...rest } = setUp();
  const store = createMemoryStores({ maxRevocationsPerClient: 2, clock: () => NOW }).revocations;
  const revocations = createRevocations({ stores: { revocations: store }, clock: () => NOW });
  const fold = async (subject: (index: number) => string): Promise<void> => {
    for (let index = 0; index < 9; index += 1) {
      const target = {
        kind: 'session',
        clientId: 'demo',
        sessionId: `x${index}`,
        subject: subject(index),
      } as const;
      await revocations.revoke(target, 'demo', undefined, 'access_tokens');
    }
  };
  return { ...rest, store, revocations, fold };
}

const FOLDED_TARGETS: readonly (readonly [string, Revocable])[] = [
  [
    'a token',
    { kind: 'token', clientId: 'demo', jti: 'j1', expiresAt: NOW + 600, issuedAt: NOW, subject: 'alice' },
  ],
  [
    'a token of an unknown subject',
    { kind: 'token', clientId: 'demo', jti: 'j1', expiresAt: NOW + 600, issuedAt: NOW },
  ],
  ['a session', { kind: 'session', clientId: 'demo', sessionId: 's1' }],
  ['a session of its subject', { kind: 'session', clientId: 'demo', sessionId: 's1', subject: 'alice' }],
  ['a subject', { kind: 'subject', clientId: 'demo', subject: 'alice' }],
];

describe.each(FOLDED_TARGETS)('the revocation of %s that was folded', (_name, target) => {
  test.each([
    ['into one of its subject', () => 'alice'],
    ['into one of its API key', (index: number) => `user ${index}`],
  ])('%s covers the token and tokens delegated from it', async (_how, subject) => {
    const { revocations, fold, store } = setUpFolding();
    await revocations.revoke(target, 'demo', undefined, 'access_tokens');
    await fold(subject);
    const lineage = [{ jti: 'j1', client_id: 'demo', sub: 'alice', session_id: 's1', iat: NOW }];
    const delegated = { type: 'delegation', jti: 'j9', client_id: 'agent', sub: 'alice', session_id: 's9' };
    const actor = { delegator: 'alice', delegated_to: 'agent', act: { sub: 'agent' }, expires_at: NOW + 600 };

    expect(store.size).toBeLessThan(5);
    expect(revocations.isRevoked(tokenOf())).toBe(true);
    expect(revocations.isRevoked(tokenOf({ ...delegated, ...actor, lineage }))).toBe(true);
  });

  test('ends no refresh-token family, and no token that is issued later', async () => {
    const { revocations, fold } = setUpFolding();
    await revocations.revoke(target, 'demo', undefined, 'access_tokens');
    await fold((index) => `user ${index}`);
    const later = { jti: 'j2', session_id: 's2', sub: 'carol' };

    expect(revocations.isFamilyRevoked({ ...FAMILY, subject: 'carol', sessionId: 's2' })).toBe(false);
    expect(revocations.isRevoked(tokenOf({ ...later, iat: NOW + 1 }))).toBe(false);
    expect(revocations.isRevoked(tokenOf({ ...later, client_id: 'other', sub: 'other' }))).toBe(false);
  });
});

describe('folded revocations and tokens of trusted issuers', () => {
  const external = (iss: string): VerifiedToken => {
    const { claims, header } = tokenOf({ iss, jti: 'j2', session_id: 's2' });
    return narrowToExternal(claims, header, { scope: [], scopeClaim: 'scope', clientClaim: 'client_id' });
  };
  const endOf = (index: number, issuer?: string): Revocable => ({
    ...{ kind: 'session', clientId: 'demo', sessionId: `x${index}`, subject: `user ${index}` },
    ...(issuer === undefined ? {} : { issuer }),
  });

  test('do not cover those if no issuer was named', async () => {
    const { revocations, fold, store } = setUpFolding();
    await fold((index) => `user ${index}`);

    expect(store.size).toBeLessThan(5);
    expect(revocations.isRevoked(tokenOf({ jti: 'j2', session_id: 's2' }))).toBe(true);
    expect(revocations.isRevoked(external('i'))).toBe(false);
  });

  test('cover those of the named issuer, and no other', async () => {
    const { revocations, store } = setUpFolding();
    for (let index = 0; index < 9; index += 1) {
      await revocations.revoke(endOf(index, 'i'), 'demo', undefined, 'access_tokens');
    }

    expect(store.size).toBeLessThan(6);
    expect(revocations.isRevoked(external('i'))).toBe(true);
    expect(revocations.isRevoked(external('other'))).toBe(false);
    expect(revocations.isRevoked(tokenOf({ iss: 'home' }))).toBe(false);
  });
});

describe('the reach of a revocation', () => {
  const SESSION = { kind: 'session', clientId: 'demo', sessionId: 's1' } as const;

  test('of all tokens keeps it as long as refresh tokens, and is never folded', async () => {
    const { revocations, fold } = setUpFolding();
    await revocations.revoke(SESSION, 'demo');
    await fold((index) => `user ${index}`);

    expect(revocations.isFamilyRevoked(FAMILY)).toBe(true);
  });

  test.each([
    ['of all tokens: 90 days', undefined, NOW + 90 * DAY + 120],
    ['of access tokens: a day', 'access_tokens', NOW + DAY + 120],
  ] as const)('%s', async (_name, reach, expiresAt) => {
    const { revocations, store } = setUp();
    await revocations.revoke(SESSION, 'demo', undefined, reach);

    expect(store.find('session\u0000demo\u0000s1')?.expiresAt).toBe(expiresAt);
  });

  test.each([
    ['longer access tokens, which a verifier accepts', 7 * DAY, 7 * DAY],
    [
      'access tokens without a longest lifetime, as far as any token lives',
      Number.POSITIVE_INFINITY,
      90 * DAY,
    ],
    ['shorter ones, as long as by default', 60, DAY],
  ])('covers %s', async (_name, accepted, kept) => {
    const { revocations, store } = setUp();
    revocations.coverAccessTokens?.(accepted);
    await revocations.revoke(SESSION, 'demo', undefined, 'access_tokens');

    expect(store.find('session\u0000demo\u0000s1')?.expiresAt).toBe(NOW + kept + 120);
  });

  test('covers the access tokens of other processes, as configured', async () => {
    const store = createMemoryStores({ clock: () => NOW }).revocations;
    const options = {
      stores: { revocations: store },
      maxAccessTokenLifetimeSeconds: 3 * DAY,
      clock: () => NOW,
    };
    await createRevocations(options).revoke(SESSION, 'demo', undefined, 'access_tokens');

    expect(store.find('session\u0000demo\u0000s1')?.expiresAt).toBe(NOW + 3 * DAY + 120);
  });
});

describe('a store that is complete only since a time', () => {
  const storeSince = (time: number) => ({
    ...createMemoryStores({ clock: () => NOW }).revocations,
    find: () => undefined,
    completeSince: () => time,
  });

  test.each([
    [NOW, false],
    [NOW + 1, true],
  ])('%i: whether a token issued in %i counts as revoked', (time, revoked) => {
    const revocations = createRevocations({ stores: { revocations: storeSince(time) }, clock: () => NOW });

    expect(revocations.isRevoked(tokenOf())).toBe(revoked);
    expect(revocations.isFamilyRevoked(FAMILY)).toBe(revoked);
  });

  test('rejects tokens delegated from an older token', () => {
    const lineage = [{ jti: 'j0', client_id: 'demo', sub: 'alice', iat: NOW - 60 }];
    const claims = {
      delegator: 'alice',
      delegated_to: 'agent',
      act: { sub: 'agent' },
      expires_at: NOW + 600,
    };
    const revocations = createRevocations({ stores: { revocations: storeSince(NOW) }, clock: () => NOW });

    expect(revocations.isRevoked(tokenOf({ type: 'delegation', ...claims, lineage }))).toBe(true);
  });
});

describe('names of revoked identities', () => {
  test.each(['x'.repeat(5000), '\ud800', '__proto__', ' '])('may be any string: %j', async (jti) => {
    const { revocations } = setUp();
    await revocations.revoke({ kind: 'token', jti, expiresAt: NOW + 600 });

    expect(revocations.isRevoked(tokenOf({ jti }))).toBe(true);
    expect(revocations.isRevoked(tokenOf({ jti: `${jti}\udfff` }))).toBe(false);
  });

  test('fit every store: at most 200 well-formed characters', async () => {
    const { store } = setUp();
    const names: string[] = [];
    const listening = createRevocations({
      stores: { revocations: { ...store, add: async ({ name }) => void names.push(name) } },
    });
    for (const jti of ['x'.repeat(5000), '\ud800']) {
      await listening.revoke({ kind: 'token', jti, expiresAt: NOW + 600 });
    }

    expect(names).toHaveLength(2);
    expect(names.every((name) => name.length <= 200 && name.isWellFormed())).toBe(true);
  });
});

describe('revocations', () => {
  test.each([
    ['a session', { kind: 'session', clientId: 'other', sessionId: 's1' }],
    ['a subject', { kind: 'subject', clientId: 'other', subject: 'alice' }],
  ] as const)('of %s apply only to the client that chose the name', async (_name, target) => {
    expect(await isRevokedBy(target, tokenOf())).toBe(false);
  });

  test('by kid cover every token under that key', async () => {
    expect(await isRevokedBy({ kind: 'kid', kid: 'k1' }, tokenOf())).toBe(true);
    expect(await isRevokedBy({ kind: 'kid', kid: 'k2' }, tokenOf())).toBe(false);
  });

  test.each([
    [-1, true],
    [0, true],
    [1, false],
  ])(
    'of a subject cover tokens up to the current second: issued %i s later is revoked: %s',
    async (later, revoked) => {
      const target = { kind: 'subject', clientId: 'demo', subject: 'alice' } as const;

      expect(await isRevokedBy(target, tokenOf({ iat: NOW + later }))).toBe(revoked);
    },
  );

  test.each([
    ['began', 0.9, true],
    ['is over', 1, false],
  ])('in whole seconds cover fractional times that %s', async (_name, later, revoked) => {
    const { revocations } = setUp(NOW + 0.95);
    await revocations.revoke({ kind: 'subject', clientId: 'demo', subject: 'alice' });

    expect(revocations.isRevoked(tokenOf({ iat: NOW + later }))).toBe(revoked);
    expect(revocations.isFamilyRevoked({ ...FAMILY, createdAt: NOW + later })).toBe(revoked);
  });

  test('of a token are kept as long as the token, of an API key as long as any of its tokens', async () => {
    const { revocations, store, setTime } = setUp();
    await revocations.revoke({ kind: 'token', jti: 'j1', expiresAt: NOW + 600 });
    await revocations.revoke({ kind: 'api_key', clientId: 'demo' });
    setTime(NOW + 7_775_999);
    await revocations.revoke({ kind: 'kid', kid: 'k9' });

    expect(revocations.isRevoked(tokenOf({ client_id: 'other' }))).toBe(false);
    expect(revocations.isRevoked(tokenOf())).toBe(true);
    expect(store.size).toBe(2);
  });

  test('outlive the token by the clock tolerance and clock skew', async () => {
    const { revocations, setTime } = setUp();
    await revocations.revoke({ kind: 'token', jti: 'j1', expiresAt: NOW + 600 });
    setTime(NOW + 600 + 60 + 50);
    await revocations.revoke({ kind: 'kid', kid: 'k9' });

    expect(revocations.isRevoked(tokenOf())).toBe(true);
  });

  test('are recorded only after they apply', async () => {
    const store = createMemoryStores({ maxRevocations: 1, clock: () => NOW }).revocations;
    const records: object[] = [];
    const audit = { enabled: true, record: async (event: object) => void records.push(event) };
    const revocations = createRevocations({ stores: { revocations: store }, audit, clock: () => NOW });
    await revocations.revoke({ kind: 'kid', kid: 'k1' }, 'demo');

    await expect(revocations.revoke({ kind: 'kid', kid: 'k2' })).rejects.toMatchObject({ status: 503 });
    expect(records).toEqual([{ type: 'revocation.added', kind: 'kid', kid: 'k1', requestedBy: 'demo' }]);
  });

  test.each([
    [{ kind: 'apikey', clientId: 'demo' }],
    [{ kind: 'toString', clientId: 'demo' }],
    [{ kind: 'session', sessionId: 's1' }],
    [{ kind: 'subject', clientId: 'demo', subject: 7 }],
    [{ kind: 'token', jti: 'j1' }],
    [{ kind: 'token', jti: 'j1', expiresAt: NOW * 1000 }],
    [{ kind: 'token', jti: 'j1', expiresAt: NOW, issuedAt: NOW * 1000 }],
    [{ kind: 'token', jti: 'j1', expiresAt: String(NOW) }],
    [{ kind: 'api_key', clientId: 'demo', issuedUpTo: NOW * 1000 }],
    [{ kind: 'api_key', clientId: 'demo', issuedUpTo: 'yesterday' }],
    [{ kind: 'api_key', clientId: 'demo', issuedUpTo: -1 }],
  ])('reject a target that matches no token: %j', async (target) => {
    const { revocations, store } = setUp();

    await expect(revocations.revoke(untyped(target))).rejects.toThrow(TypeError);
    expect(store.size).toBe(0);
  });

  test.each([
    [{}],
    [{ stores: null }],
    [{ stores: {} }],
    [{ stores: { revocations: {} } }],
    [{ stores: createMemoryStores().revocations }],
  ])('name the missing store: %j', (options) => {
    expect(() => createRevocations(untyped(options))).toThrow(
      new TypeError(
        'createRevocations: stores.revocations is required: pass the stores of a driver, for example { stores: createMemoryStores() }',
      ),
    );
  });
});

describe('accepted lifetimes and kept revocations', () => {
  const verifier = (maxTokenLifetimeSeconds: number, remembered?: number) => async () => {
    const revocations = createRevocations({
      stores: createMemoryStores(),
      ...(remembered === undefined ? {} : { maxTokenLifetimeSeconds: remembered }),
    });
    const keyRing = await createRing();
    return createTokenVerifier({
      keyRing,
      issuer: ISSUER,
      audience: AUDIENCE,
      maxTokenLifetimeSeconds,
      revocations,
    });
  };

  test('fit if no token outlives its revocation', async () => {
    await expect(verifier(86_400)()).resolves.toBeDefined();
    await expect(verifier(3600, 3600)()).resolves.toBeDefined();
  });

  test('are rejected if a revocation would expire before its token', async () => {
    const message = /raise maxTokenLifetimeSeconds of createRevocations/;
    await expect(verifier(7_776_001)()).rejects.toThrow(message);
    await expect(verifier(86_400, 3600)()).rejects.toThrow(message);
  });
});

test.each([{ issuer: 1 }, { clientId: {} }, { issuer: '' }, { jti: '' }])(
  'a target with %j is rejected',
  async (change) => {
    const { revocations } = setUp();
    const target = untyped({ kind: 'token', jti: 'j1', expiresAt: NOW + 600, ...change });

    await expect(revocations.revoke(target)).rejects.toThrow(/must be a non-empty string: pass the ID/);
  },
);

test('a target with a misspelt member is rejected, since it would revoke more', async () => {
  const { revocations } = setUp();
  const target = untyped({
    kind: 'session',
    clientId: 'demo',
    sessionId: 's1',
    iss: 'https://partner.example.com',
  });

  await expect(revocations.revoke(target)).rejects.toThrow(
    /^revoke: unknown member iss for the kind session; expected one of: clientId/,
  );
});

test('a revocation that names the home issuer covers only its tokens', async () => {
  const target = { kind: 'subject', clientId: 'demo', subject: 'alice' } as const;

  expect(await isRevokedBy({ ...target, issuer: 'i' }, tokenOf())).toBe(true);
  expect(await isRevokedBy({ ...target, issuer: 'i/' }, tokenOf())).toBe(false);
});

test('the kid of a leaked key stays revoked, however long a key ring contains the key', async () => {
  const { store, revocations, setTime } = setUp();
  await revocations.revoke({ kind: 'kid', kid: 'k1' });
  setTime(NOW + 400 * 86_400);
  await store.add({ name: 'sweeps what has expired', expiresAt: NOW + 401 * 86_400 });

  expect(revocations.isRevoked(tokenOf({ iat: NOW + 400 * 86_400, exp: NOW + 400 * 86_400 + 600 }))).toBe(
    true,
  );
});
