import { describe, expect, test } from '@jest/globals';
import {
  normalizeTyp,
  resolveClaimsPolicy,
  resolveStrings,
} from '../../../src/token/claims/claims-policy.js';
import { untyped } from '../../support/untyped.js';

const MANDATORY = { issuer: 'https://auth.example.com', audience: 'https://api.example.com' };

describe('resolveClaimsPolicy', () => {
  test('fills in the defaults', () => {
    expect(resolveClaimsPolicy(MANDATORY)).toEqual({
      issuers: new Set(['https://auth.example.com']),
      audiences: new Set(['https://api.example.com']),
      typs: new Set(['at+jwt']),
      clockToleranceSeconds: 5,
      maxTokenAgeSeconds: Number.POSITIVE_INFINITY,
      maxTokenLifetimeSeconds: 86_400,
      requiredClaims: [],
      scopeClaim: 'scope',
    });
  });

  test('copies the options once', () => {
    const requiredClaims = ['tenant'];
    const policy = resolveClaimsPolicy({
      issuer: ['a', 'b'],
      audience: ['c', 'd'],
      typ: ['application/JWT', 'at+jwt'],
      clockToleranceSeconds: 60,
      maxTokenAgeSeconds: 300,
      maxTokenLifetimeSeconds: 3600,
      requiredClaims,
      scopeClaim: 'scp',
    });
    requiredClaims.push('later');
    expect(policy).toEqual({
      issuers: new Set(['a', 'b']),
      audiences: new Set(['c', 'd']),
      typs: new Set(['jwt', 'at+jwt']),
      clockToleranceSeconds: 60,
      maxTokenAgeSeconds: 300,
      maxTokenLifetimeSeconds: 3600,
      requiredClaims: ['tenant'],
      scopeClaim: 'scp',
    });
    expect(Object.isFrozen(policy)).toBe(true);
    expect(Object.isFrozen(policy.requiredClaims)).toBe(true);
  });

  test.each([
    [{ issuer: undefined }, 'issuer'],
    [{ issuer: '' }, 'issuer'],
    [{ issuer: [] }, 'issuer'],
    [{ issuer: ['a', ''] }, 'issuer'],
    [{ issuer: [1] }, 'issuer'],
    [{ issuer: { a: 1 } }, 'issuer'],
    [{ audience: undefined }, 'audience'],
    [{ audience: '' }, 'audience'],
    [{ audience: [] }, 'audience'],
    [{ audience: null }, 'audience'],
    [{ typ: '' }, 'typ'],
    [{ typ: [] }, 'typ'],
    [{ typ: 'rt+jwt' }, 'refresh'],
    [{ typ: ['at+jwt', 'application/RT+JWT'] }, 'refresh'],
    [{ clockToleranceSeconds: -1 }, 'clockToleranceSeconds'],
    [{ clockToleranceSeconds: 60.5 }, 'clockToleranceSeconds'],
    [{ maxTokenAgeSeconds: 0 }, 'maxTokenAgeSeconds'],
    [{ maxTokenLifetimeSeconds: 0 }, 'maxTokenLifetimeSeconds'],
    [{ maxTokenLifetimeSeconds: Number.POSITIVE_INFINITY }, 'maxTokenLifetimeSeconds'],
    [{ maxTokenAgeSeconds: -1 }, 'maxTokenAgeSeconds'],
    [{ requiredClaims: 'tenant' }, 'requiredClaims'],
    [{ requiredClaims: ['tenant', ''] }, 'requiredClaims'],
    [{ scopeClaim: '' }, 'scopeClaim'],
    [{ scopeClaim: ['scp'] }, 'scopeClaim'],
  ])('rejects %j', (options, named) => {
    expect(() => resolveClaimsPolicy(untyped({ ...MANDATORY, ...options }))).toThrow(TypeError);
    expect(() => resolveClaimsPolicy(untyped({ ...MANDATORY, ...options }))).toThrow(named);
  });

  test('allows no clock skew if the tolerance is 0', () => {
    expect(resolveClaimsPolicy({ ...MANDATORY, clockToleranceSeconds: 0 }).clockToleranceSeconds).toBe(0);
  });

  test.each(['clockToleranceSeconds', 'maxTokenAgeSeconds'])('rejects %s that is not a number', (name) => {
    expect(() => resolveClaimsPolicy({ ...MANDATORY, [name]: Number.NaN })).toThrow(TypeError);
  });

  test.each([
    [{ clockToleranceSeconds: '5' }],
    [{ clockToleranceSeconds: null }],
    [{ maxTokenAgeSeconds: '600' }],
    [{ requiredClaims: [1] }],
    [{ requiredClaims: { length: 0 } }],
    [{ requiredClaims: null }],
    [{ scopeClaim: 1 }],
  ])('rejects %j from callers without TypeScript', (options) => {
    expect(() => resolveClaimsPolicy(untyped({ ...MANDATORY, ...options }))).toThrow(TypeError);
  });
});

describe('normalizeTyp', () => {
  test.each([
    ['at+jwt', 'at+jwt'],
    ['AT+JWT', 'at+jwt'],
    ['Application/at+JWT', 'at+jwt'],
    ['application/application/at+jwt', 'application/at+jwt'],
    ['text/at+jwt', 'text/at+jwt'],
  ])('%s is %s', (typ, normalized) => {
    expect(normalizeTyp(typ)).toBe(normalized);
  });
});

describe('resolveStrings', () => {
  test('returns an array for one string', () => {
    expect(resolveStrings('a', 'issuer', 'https://auth.example.com')).toEqual(['a']);
  });

  test('names the invalid option', () => {
    const message = 'issuer must be a non-empty string or an array of non-empty strings';
    expect(() => resolveStrings([], 'issuer', 'https://auth.example.com')).toThrow(
      new TypeError(`${message}, for example "https://auth.example.com"`),
    );
  });
});
