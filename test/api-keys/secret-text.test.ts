import { format, inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { SecretText } from '../../src/api-keys/secret-text.js';

const SECRET = new SecretText('c4n4ry');

describe('SecretText', () => {
  test('shows itself when it is asked to', () => {
    expect(SECRET.reveal()).toBe('c4n4ry');
  });

  test.each([
    ['JSON', () => JSON.stringify({ secret: SECRET })],
    ['a template', () => `${SECRET}`],
    ['a concatenation', () => 'key '.concat(String(SECRET))],
    ['the inspector', () => inspect({ secret: SECRET }, { depth: null, showHidden: true })],
    ['the inspector without its hook', () => inspect(SECRET, { customInspect: false, showHidden: true })],
    ['a log line', () => format('%s %o %O %j', SECRET, SECRET, SECRET, SECRET)],
    ['its members', () => JSON.stringify(Object.entries(SECRET))],
    ['a copy', () => JSON.stringify({ ...SECRET })],
    ['a structured clone', () => inspect(structuredClone({ ...SECRET }))],
  ])('stays hidden in %s', (_, show) => {
    expect(show()).not.toContain('c4n4ry');
  });

  test('shows a mask', () => {
    expect(JSON.stringify({ secret: SECRET })).toBe('{"secret":"[secret]"}');
    expect(inspect(SECRET)).toBe('[secret]');
  });
});
