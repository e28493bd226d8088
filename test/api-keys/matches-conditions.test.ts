import { describe, expect, test } from '@jest/globals';
import { isClaimConditions, matchesConditions } from '../../src/api-keys/matches-conditions.js';

describe('claim conditions', () => {
  test('match claims with equal strings', () => {
    expect(matchesConditions({ repository_id: '123456' }, { repository_id: '123456', ref: 'main' })).toBe(
      true,
    );
  });

  test('match any claims if there are none', () => {
    expect(matchesConditions({}, {})).toBe(true);
  });

  test('must all be met', () => {
    expect(matchesConditions({ a: '1', b: '2' }, { a: '1', b: '3' })).toBe(false);
  });

  test('are not met by a missing claim or one of a different type', () => {
    const claims = [
      {},
      { id: 1 },
      { id: ['1'] },
      { id: true },
      { id: null },
      { id: { 1: '1' } },
      { id: '01' },
    ];

    expect(claims.filter((each) => matchesConditions({ id: '1' }, each))).toEqual([]);
  });

  test('are not met by inherited members', () => {
    expect(matchesConditions({ constructor: { name: 'Object' } }, {})).toBe(false);
  });

  test('reach the members of a claim', () => {
    const conditions = { 'kubernetes.io': { serviceaccount: { uid: 'u1' } } };
    const claims = ['u1', 'u2'].map((uid) => ({ 'kubernetes.io': { serviceaccount: { uid, name: 'x' } } }));

    expect(claims.map((each) => matchesConditions(conditions, each))).toEqual([true, false]);
    expect(matchesConditions(conditions, { 'kubernetes.io': 'u1' })).toBe(false);
  });

  test('are non-empty strings and mappings of them, at most four levels deep', () => {
    const valid = [{ a: '1' }, { a: { b: { c: { d: '1' } } } }];
    const invalid = [
      {},
      { a: '' },
      { a: 1 },
      { a: ['1'] },
      { a: {} },
      'a',
      null,
      { a: { b: { c: { d: { e: '1' } } } } },
    ];

    expect([...valid, ...invalid].filter((each) => isClaimConditions(each))).toEqual(valid);
  });
});
