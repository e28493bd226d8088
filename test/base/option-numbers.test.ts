import { describe, expect, test } from '@jest/globals';
import {
  assertNumber,
  assertPositiveInteger,
  assertPositiveNumber,
  type NumberRange,
} from '../../src/base/options.js';

const noNumbers = [undefined, null, '1', true, [1], Number.NaN, Number.POSITIVE_INFINITY];

describe('assertPositiveInteger', () => {
  test.each([1, 100, Number.MAX_SAFE_INTEGER])('accepts %d', (value) => {
    expect(() => assertPositiveInteger(value, 'createLimits', 'maxRunning', 100)).not.toThrow();
  });

  test.each([0, -1, 1.5, 2 ** 53, ...noNumbers])('rejects %p by function, option and example', (value) => {
    expect(() => assertPositiveInteger(value, 'createLimits', 'maxRunning', 100)).toThrow(
      new TypeError('createLimits: maxRunning must be a positive integer, for example 100'),
    );
  });
});

describe('assertPositiveNumber', () => {
  test.each([0.001, 1, 1e300])('accepts %d', (value) => {
    expect(() => assertPositiveNumber(value, 'openKeyRing', 'reloadSeconds', 60)).not.toThrow();
  });

  test.each([0, -0.5, ...noNumbers])('rejects %p by function, option and example', (value) => {
    expect(() => assertPositiveNumber(value, 'openKeyRing', 'reloadSeconds', 60)).toThrow(
      new TypeError('openKeyRing: reloadSeconds must be a positive number, for example 60'),
    );
  });
});

describe('assertNumber', () => {
  const cases: readonly (readonly [NumberRange, number, number, string])[] = [
    [{ from: 0, to: 60 }, 60, 60.1, 'a number from 0 to 60'],
    [{ from: 0, to: 60, example: 5 }, 0, -1, 'a number from 0 to 60, for example 5'],
    [{ above: 0, to: 1 }, 1, 0, 'a number greater than 0 and up to 1'],
    [{ above: 1 }, 1.1, 1, 'a number greater than 1'],
    [{ from: 30 }, 30, 29, 'a number of at least 30'],
    [{ to: 10 }, -5, 11, 'a number up to 10'],
    [{ isInteger: true, from: 2, to: 16 }, 16, 2.5, 'an integer from 2 to 16'],
    [{ isInteger: true }, -3, 0.5, 'an integer'],
    [{}, -0.5, Number.NaN, 'a number'],
  ];

  test.each(cases)(
    'with %j accepts %d, and rejects %d by its range',
    (range, accepted, rejected, expected) => {
      expect(() => assertNumber(accepted, 'f', 'x', range)).not.toThrow();
      expect(() => assertNumber(rejected, 'f', 'x', range)).toThrow(
        new TypeError(`f: x must be ${expected}`),
      );
    },
  );

  test.each(noNumbers)('rejects %p', (value) => {
    expect(() => assertNumber(value, 'f', 'x', {})).toThrow(new TypeError('f: x must be a number'));
  });
});
