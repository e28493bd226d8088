import { describe, expect, test } from '@jest/globals';
import {
  buildClaimsSet,
  type ClaimsRequest,
  copyCustomClaims,
} from '../../../src/token/claims/build-claims-set.js';
import { RESERVED_CLAIMS } from '../../../src/token/claims/claims-set.js';
import { failuresOf } from '../../support/failures-of.js';
import { AUDIENCE, ISSUER, NOW } from '../../support/tokens.js';

const REQUEST: ClaimsRequest = {
  type: 'service',
  audience: AUDIENCE,
  subject: 'alice',
  clientId: 'demo',
  scope: ['read:documents', 'write:documents'],
  lifetimeSeconds: 600,
  sessionId: undefined,
  claims: {},
};

const ISSUED = { issuer: ISSUER, now: NOW };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('buildClaimsSet', () => {
  test('contains every claim of a token', () => {
    expect(buildClaimsSet(REQUEST, ISSUED)).toEqual({
      iss: ISSUER,
      sub: 'alice',
      aud: AUDIENCE,
      exp: NOW + 600,
      nbf: NOW,
      iat: NOW,
      jti: expect.stringMatching(UUID),
      client_id: 'demo',
      scope: 'read:documents write:documents',
      permissions: ['read:documents', 'write:documents'],
      type: 'service',
    });
  });

  test('gives every token its own jti', () => {
    const identifiers = Array.from({ length: 100 }, () => buildClaimsSet(REQUEST, ISSUED).jti);
    expect(new Set(identifiers).size).toBe(100);
  });

  test.each([
    [NOW + 0.999, 600, NOW + 600],
    [NOW, 599.9, NOW + 599],
    [NOW + 0.5, 10.5, NOW + 10],
  ])('writes whole seconds at %d for a lifetime of %d', (now, lifetimeSeconds, exp) => {
    expect(buildClaimsSet({ ...REQUEST, lifetimeSeconds }, { issuer: ISSUER, now })).toMatchObject({
      iat: NOW,
      nbf: NOW,
      exp,
    });
  });

  test('never changes its arguments', () => {
    const claims = Object.freeze({ metadata: { tier: 'enterprise' } });
    const scope = Object.freeze(['read:documents']);
    buildClaimsSet(Object.freeze({ ...REQUEST, claims, scope }), ISSUED);
    expect(claims).toEqual({ metadata: { tier: 'enterprise' } });
    expect(scope).toEqual(['read:documents']);
  });

  test('does not change if the caller changes the scope afterwards', () => {
    const scope = ['read:documents'];
    const claims = buildClaimsSet({ ...REQUEST, scope }, ISSUED);
    scope.push('admin');
    expect(claims).toMatchObject({ scope: 'read:documents', permissions: ['read:documents'] });
  });

  test.each(['type', 'iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'client_id', 'scope', 'permissions'])(
    'never lets the claims of the caller override %s',
    (name) => {
      expect(buildClaimsSet({ ...REQUEST, claims: { [name]: 'forged' } }, ISSUED)[name]).not.toBe('forged');
    },
  );

  test('has no scope if none is granted', () => {
    const claims = buildClaimsSet({ ...REQUEST, scope: [] }, ISSUED);
    expect(claims).not.toHaveProperty('scope');
    expect(claims.permissions).toEqual([]);
  });

  test('contains the session', () => {
    expect(buildClaimsSet({ ...REQUEST, sessionId: 's1' }, ISSUED)).toMatchObject({ session_id: 's1' });
  });

  test('repeats the scope as permissions, except for users', () => {
    expect(buildClaimsSet({ ...REQUEST, type: 'user' }, ISSUED)).not.toHaveProperty('permissions');
  });

  test('writes the expiry of a delegation twice, regardless of custom claims', () => {
    const claims = { expires_at: NOW + 86_400 };
    expect(buildClaimsSet({ ...REQUEST, type: 'delegation', claims }, ISSUED)).toMatchObject({
      exp: NOW + 600,
      expires_at: NOW + 600,
    });
  });

  test('is frozen', () => {
    const claims = buildClaimsSet(REQUEST, ISSUED);
    expect(Object.isFrozen(claims)).toBe(true);
    expect(Object.isFrozen(claims.permissions)).toBe(true);
  });
});

describe('copyCustomClaims', () => {
  test('returns a deeply frozen copy', () => {
    const claims = { tenant: { id: 'acme', regions: ['eu'] } };
    const copy = copyCustomClaims(claims);
    claims.tenant.regions.push('us');
    expect(copy).toEqual({ tenant: { id: 'acme', regions: ['eu'] } });
    expect(Object.isFrozen(copy['tenant'])).toBe(true);
  });

  test('does not change its argument', () => {
    const claims = { tenant: { id: 'acme' } };
    copyCustomClaims(claims);
    expect(Object.isFrozen(claims.tenant)).toBe(false);
  });

  test('rejects every reserved name', async () => {
    const failures = await failuresOf(
      [...RESERVED_CLAIMS].filter((name) => name !== '__proto__'),
      (name) => {
        expect(() => copyCustomClaims({ [name]: 'forged' })).toThrow(
          new TypeError(
            `tokenRouter: claims must not return the reserved claim ${name}: choose a different name`,
          ),
        );
      },
    );

    expect(failures).toEqual([]);
  });

  test('rejects a claim named __proto__', () => {
    expect(() => copyCustomClaims(JSON.parse('{"__proto__":{"admin":true}}'))).toThrow(TypeError);
  });

  test('rejects a reserved name that only toJSON returns', () => {
    expect(() => copyCustomClaims({ toJSON: () => ({ scope: 'admin' }) })).toThrow(TypeError);
  });

  test.each([[undefined], [null], ['text'], [1], [true], [['a']], [() => ({})]])('rejects %p', (claims) => {
    expect(() => copyCustomClaims(claims)).toThrow(
      new TypeError('tokenRouter: claims must return a JSON object, for example { "tenant": "acme" }'),
    );
  });

  test.each([
    ['a date', new Date(0)],
    ['an object that is text in JSON', { toJSON: () => 'text' }],
    ['an object that is a list in JSON', { toJSON: () => ['text'] }],
    ['an object that is nothing in JSON', { toJSON: () => undefined }],
    ['a function that is an object in JSON', Object.assign(() => 1, { toJSON: () => ({}) })],
    ['a list that is an object in JSON', Object.assign(['text'], { toJSON: () => ({}) })],
  ])('rejects %s', (_, claims) => {
    expect(() => copyCustomClaims(claims)).toThrow(TypeError);
  });

  test('rejects values that JSON cannot represent', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    expect(() => copyCustomClaims(circular)).toThrow(TypeError);
    expect(() => copyCustomClaims({ count: 1n })).toThrow(TypeError);
  });

  test.each([
    [8, false],
    [9, true],
  ])('of %d levels are rejected: %p', (levels, refused) => {
    const claims: unknown = JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
    if (refused) expect(() => copyCustomClaims(claims)).toThrow('at most 8 levels of nesting');
    else expect(copyCustomClaims(claims)).toEqual(claims);
  });
});
