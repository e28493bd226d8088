import { describe, expect, test } from '@jest/globals';
import {
  formatScope,
  isSameScope,
  isScopeToken,
  parseScope,
  resolveRequiredScope,
} from '../../../src/token/claims/scope.js';

describe('isScopeToken', () => {
  test.each(['read', 'read:documents', 'https://api.example.com/read', '!', '~', "it's", '[]'])(
    '%s is one',
    (token) => {
      expect(isScopeToken(token)).toBe(true);
    },
  );

  test.each([[''], ['a b'], ['"'], ['\\'], ['\t'], ['a\n'], ['\x7f'], ['é'], [1], [null], [['read']]])(
    '%j is none',
    (token) => {
      expect(isScopeToken(token)).toBe(false);
    },
  );
});

describe('parseScope', () => {
  test.each([
    ['', []],
    ['read', ['read']],
    ['write read', ['write', 'read']],
    ['read write read', ['read', 'write']],
    [[], []],
    [
      ['read', 'write', 'read'],
      ['read', 'write'],
    ],
  ])('reads %j as %j', (value, tokens) => {
    expect(parseScope(value)).toEqual(tokens);
  });

  test.each([
    [' '],
    ['read '],
    [' read'],
    ['read  write'],
    ['read\nwrite'],
    [['read write']],
    [['']],
    [[1]],
    [1],
    [null],
    [undefined],
    [{}],
  ])('finds %j malformed', (value) => {
    expect(parseScope(value)).toBeUndefined();
  });

  test('reads back what formatScope writes', () => {
    expect(parseScope(formatScope(['read', 'write:all']))).toEqual(['read', 'write:all']);
  });
});

describe('isSameScope', () => {
  test.each([
    [[], []],
    [['a'], ['a']],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
  ])('%j is the same as %j', (one, other) => {
    expect(isSameScope(one, other)).toBe(true);
  });

  test.each([
    [['a'], []],
    [[], ['a']],
    [['a'], ['b']],
    [['a', 'b'], ['a']],
    [['a'], ['a', 'b']],
    [['read:documents'], ['read:documents-all']],
  ])('%j is not the same as %j', (one, other) => {
    expect(isSameScope(one, other)).toBe(false);
  });
});

describe('resolveRequiredScope', () => {
  test.each([
    ['read write', ['read', 'write']],
    [
      ['read', 'write'],
      ['read', 'write'],
    ],
    ['', []],
  ])('resolves %j to %j, frozen', (scope, tokens) => {
    const resolved = resolveRequiredScope(scope, 'scope');
    expect(resolved).toEqual(tokens);
    expect(Object.isFrozen(resolved)).toBe(true);
  });

  test.each([['read", x="'], [['read write']], ['read\r\n'], ['é']])(
    'rejects %j and names the option',
    (scope) => {
      expect(() => resolveRequiredScope(scope, 'scope')).toThrow(TypeError);
      expect(() => resolveRequiredScope(scope, 'requireScope')).toThrow(
        'requireScope must contain only scope tokens',
      );
    },
  );
});
