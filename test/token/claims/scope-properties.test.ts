import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidScopeError } from '../../../src/base/token-endpoint-errors.js';
import { narrowScope } from '../../../src/issue/grants/narrow-scope.js';
import {
  formatScope,
  isSameScope,
  parseAuthenticScope,
  parseScope,
} from '../../../src/token/claims/scope.js';

const RUNS = { seed: 71_002, numRuns: 300 };

/** `NQCHAR` of RFC 6749 appendix A: what a scope token is made of. */
const NQCHAR = Array.from({ length: 0x7f }, (_, code) => code)
  .filter((code) => code === 0x21 || (code >= 0x23 && code <= 0x5b) || (code >= 0x5d && code <= 0x7e))
  .map((code) => String.fromCharCode(code));

/** Few short tokens, so that they repeat, and some long ones. */
const token = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c', 'A', 'ab', 'a:b') },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(...NQCHAR), minLength: 1, maxLength: 30 }) },
);
const tokens = fc.array(token, { maxLength: 8 });
const scope = fc.uniqueArray(token, { maxLength: 6 });
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', 'b', ' ', '"', '\\', '\t', '\n', '\u007f', 'é') }),
  tokens.map((list) => list.join(' ')),
);

describe('a scope', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(scope, (written) => {
        expect(parseScope(formatScope(written))).toEqual(written);
        expect(parseScope(written)).toEqual(written);
      }),
      RUNS,
    );
  });

  test('loses only duplicates, as a string and as an array', () => {
    fc.assert(
      fc.property(tokens, (repeated) => {
        const expected = repeated.filter((each, index) => repeated.indexOf(each) === index);
        expect(parseScope(repeated.join(' '))).toEqual(expected);
        expect(parseScope(repeated)).toEqual(expected);
      }),
      RUNS,
    );
  });

  test('is malformed if and only if one of its parts is not a scope token', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const parts = text === '' ? [] : text.split(' ');
        const isProper = parts.every(
          (part) => part !== '' && [...part].every((each) => NQCHAR.includes(each)),
        );
        expect(parseScope(text) !== undefined).toBe(isProper);
        expect(parseScope(parts) !== undefined).toBe(isProper);
      }),
      RUNS,
    );
  });

  test('is formatted as it was parsed, if it has no duplicates', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const read = parseScope(text);
        fc.pre(read !== undefined && new Set(text.split(' ')).size === text.split(' ').length);
        expect(formatScope(read ?? [])).toBe(text);
      }),
      RUNS,
    );
  });

  test('of an authentic token is parsed like any other, the first time and later', () => {
    const anyValue = fc.oneof(anyText, fc.array(anyText, { maxLength: 3 }), fc.jsonValue());
    fc.assert(
      fc.property(anyValue, (value) => {
        const expected = parseScope(value);
        expect([parseAuthenticScope(value), parseAuthenticScope(value)]).toEqual([expected, expected]);
      }),
      RUNS,
    );
  });

  test('equals another scope if both are the same set', () => {
    fc.assert(
      fc.property(scope, scope, fc.boolean(), (one, another, isReversed) => {
        const other = isReversed ? one.toReversed() : another;
        const isOneSet = new Set([...one, ...other]).size === one.length && one.length === other.length;
        expect([isSameScope(one, other), isSameScope(other, one)]).toEqual([isOneSet, isOneSet]);
      }),
      RUNS,
    );
  });
});

describe('narrowing', () => {
  /** `undefined` where it is refused. */
  const narrowed = (asked: string | undefined, available: readonly string[]) => {
    try {
      return narrowScope(asked, available);
    } catch (error) {
      if (error instanceof InvalidScopeError) return undefined;
      throw error;
    }
  };

  test('grants the requested scope if all of it is available, otherwise nothing', () => {
    fc.assert(
      fc.property(anyText, scope, (asked, available) => {
        const wanted = asked === '' ? [] : asked.split(' ');
        const isAvailable = wanted.every((each) => available.includes(each));
        expect(narrowed(asked, available)).toEqual(isAvailable ? [...new Set(wanted)] : undefined);
      }),
      RUNS,
    );
  });

  test('grants everything if nothing is requested', () => {
    fc.assert(
      fc.property(scope, (available) => {
        expect(narrowed(undefined, available)).toEqual(available);
        expect(narrowed(formatScope(available), available)).toEqual(available);
      }),
      RUNS,
    );
  });

  test('in two steps grants the same as the second step alone, and never widens', () => {
    fc.assert(
      fc.property(tokens, tokens, scope, (first, second, available) => {
        const inBetween = narrowed(first.join(' '), available);
        fc.pre(inBetween !== undefined);
        const atLast = narrowed(second.join(' '), inBetween ?? []);
        const isWithinFirst = second.every((each) => first.includes(each));
        expect(atLast).toEqual(isWithinFirst ? narrowed(second.join(' '), available) : undefined);
      }),
      RUNS,
    );
  });

  test('grants at least as much of a larger scope', () => {
    fc.assert(
      fc.property(tokens, scope, scope, (asked, available, more) => {
        const granted = narrowed(asked.join(' '), available);
        fc.pre(granted !== undefined);
        expect(narrowed(asked.join(' '), [...available, ...more])).toEqual(granted);
      }),
      RUNS,
    );
  });
});
