import { describe, expect, test } from '@jest/globals';
import { freezeJson, isJsonObject } from '../../src/claims/json.js';

describe('isJsonObject', () => {
  test.each([
    [{}, true],
    [{ a: 1 }, true],
    [[], false],
    [null, false],
    ['{}', false],
    [undefined, false],
  ])('of %j: %p', (value, expected) => {
    expect(isJsonObject(value)).toBe(expected);
  });
});

describe('freezeJson', () => {
  test('freezes every level', () => {
    const value = { list: [{ deep: {} }] };
    expect(freezeJson(value, 4)).toBe(true);
    expect([value, value.list, value.list[0], value.list[0]?.deep].every(Object.isFrozen)).toBe(true);
  });

  test.each([
    [{}, 1, true],
    [{}, 0, false],
    ['text', 0, true],
    [{ a: [] }, 2, true],
    [{ a: [[]] }, 2, false],
    [{ a: 1, b: { c: {} } }, 2, false],
  ])('of %j within %d levels: %p', (value, maxDepth, expected) => {
    expect(freezeJson(value, maxDepth)).toBe(expected);
  });
});
