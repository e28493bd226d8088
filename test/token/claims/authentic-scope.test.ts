import { describe, expect, test } from '@jest/globals';
import { parseAuthenticScope } from '../../../src/token/claims/scope.js';

/** As many other scopes as are kept at most. */
function readOthers(prefix: string, count: number): void {
  for (let index = 0; index < count; index += 1) parseAuthenticScope(`${prefix}:${index}`);
}

describe('the scope of an authentic token', () => {
  test('is cached, so that the same string yields the same array', () => {
    const first = parseAuthenticScope('kept:a kept:b');
    expect(first).toEqual(['kept:a', 'kept:b']);
    expect(parseAuthenticScope('kept:a kept:b')).toBe(first);
  });

  test('is cached until 512 others follow', () => {
    const first = parseAuthenticScope('oldest');
    readOthers('early', 511);
    expect(parseAuthenticScope('oldest')).toBe(first);
    readOthers('late', 1);
    expect(parseAuthenticScope('oldest')).not.toBe(first);
    expect(parseAuthenticScope('oldest')).toEqual(['oldest']);
  });

  test('evicts only the oldest when a new one is added', () => {
    readOthers('filling', 512);
    const second = parseAuthenticScope('filling:1');
    parseAuthenticScope('newest');
    expect(parseAuthenticScope('filling:1')).toBe(second);
  });

  test.each([
    [512, true],
    [513, false],
  ])('of %d characters is cached: %p', (length, isKept) => {
    const text = 'x'.repeat(length);
    const first = parseAuthenticScope(text);
    expect(first).toEqual([text]);
    expect(parseAuthenticScope(text) === first).toBe(isKept);
  });

  test('is not cached if it is malformed', () => {
    const first = parseAuthenticScope('before');
    for (let index = 0; index < 512; index += 1) parseAuthenticScope(`mal  formed:${index}`);
    expect(parseAuthenticScope('before')).toBe(first);
  });
});
