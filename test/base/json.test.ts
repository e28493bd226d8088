import { describe, expect, test } from '@jest/globals';
import { freezeJson, isJsonObject, isPlainJson } from '../../src/base/json.js';

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

describe('isPlainJson', () => {
  test.each([
    ['text', {}],
    ['every kind of value', { a: [null, true, 1.5, 'text', { b: {} }] }],
    ['a member without a name', { '': 1 }],
    ['null', null],
  ])('accepts %s', (_what, value) => {
    expect(isPlainJson(value, 4)).toBe(true);
  });

  test.each([
    ['a member that is left out', { a: undefined }],
    ['a function', { a: () => 1 }],
    ['a symbol', [Symbol('a')]],
    ['a hole in a list', new Array(3)],
    ['a number that becomes null', { a: Number.NaN }],
    ['an infinite number', [Number.POSITIVE_INFINITY]],
    ['a big integer', { a: 1n }],
    ['a date', { a: new Date(0) }],
    ['an object that says how it becomes JSON', { toJSON: () => ({}) }],
    ['a list that says how it becomes JSON', Object.assign(['a'], { toJSON: () => 'b' })],
    ['a map', new Map()],
    ['an instance', new (class Claims {})()],
    ['one level too many', { a: { b: { c: {} } } }],
  ])('rejects %s', (_what, value) => {
    expect(isPlainJson(value, 3)).toBe(false);
  });

  test('reads parsed JSON as plain', () => {
    expect(isPlainJson(JSON.parse('{"__proto__": 1, "a": [{}]}'), 3)).toBe(true);
  });
});

describe('freezeJson', () => {
  test('freezes every level', () => {
    const value = { list: [{ deep: {} }] };
    expect(freezeJson(value, 4)).toBe(true);
    expect([value, value.list, value.list[0], value.list[0]?.deep].every(Object.isFrozen)).toBe(true);
  });

  test('freezes values in arrays and values in objects', () => {
    const list = [1, null, {}];
    const object = { text: 'text', nothing: null, list: [] };
    expect([freezeJson(list, 2), freezeJson(object, 2)]).toEqual([true, true]);
    expect([list, list[2], object, object.list].every(Object.isFrozen)).toBe(true);
  });

  test.each([
    [{}, 1, true],
    [null, 0, true],
    [undefined, 0, true],
    [[], 0, false],
    [[{}], 2, true],
    [[{}], 1, false],
    [[1, [{}]], 2, false],
    [{}, 0, false],
    ['text', 0, true],
    [{ a: [] }, 2, true],
    [{ a: [[]] }, 2, false],
    [{ a: 1, b: { c: {} } }, 2, false],
  ])('of %j within %d levels: %p', (value, maxDepth, expected) => {
    expect(freezeJson(value, maxDepth)).toBe(expected);
  });
});
