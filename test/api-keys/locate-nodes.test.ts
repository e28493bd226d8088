import { describe, expect, test } from '@jest/globals';
import { formatPath } from '../../src/api-keys/format-path.js';
import { createLocator, findOffset } from '../../src/api-keys/locate-nodes.js';

describe('formatPath', () => {
  test.each([
    [[], ''],
    [['name'], 'name'],
    [['models', 0, 'endpoint'], 'models[0].endpoint'],
    [['metadata', 'a', 1, 2], 'metadata.a[1][2]'],
    [['scope_ttl', 'read:documents'], 'scope_ttl.read:documents'],
    [['models', 0, 'sk_live_4eC39HqLyjWDarjtT1zdp7dc'], 'models[0].<name>'],
    [['api_key:sk_live_4eC39'], '<name>'],
    [['metadata', 'x1', '__proto__'], 'metadata.<name>.__proto__'],
  ])('writes %j as %j', (path, text) => {
    expect(formatPath(path)).toBe(text);
  });
});

describe('createLocator', () => {
  test.each([
    [0, 1, 1],
    [2, 1, 3],
    [3, 2, 1],
    [5, 3, 1],
    [6, 3, 2],
  ])('offset %d is at %d:%d', (offset, line, column) => {
    expect(createLocator('ab\nc\nde')(offset)).toEqual({ line, column });
  });
});

describe('findOffset', () => {
  const OFFSETS = new Map([
    ['["a"]', 4],
    ['["a","b"]', 9],
    ['["1"]', 20],
    ['["c"]', -1],
  ]);

  test.each([
    [['a', 'b'], 9],
    [['a', 'x'], 4],
    [['a', 'x', 'y'], 4],
    [['x'], 0],
    [[], 0],
    [[1], 0],
    [['c'], 0],
  ])('of %j is %d', (path, offset) => {
    expect(findOffset(OFFSETS, path)).toBe(offset);
  });
});
