import { describe, expect, test } from '@jest/globals';
import { parseAuthenticScope } from '../../../src/token/claims/scope.js';

/** As many other scopes as are kept at most. */
function readOthers(prefix: string, count: number): void {
  for (let index = 0; index < count; index += 1) parseAuthenticScope(`${prefix}:${index}`);
}

describe('the scope of an authentic token', () => {
  test('is kept, so that the same text gives the same list', () => {
    const first = parseAuthenticScope('kept:a kept:b');
    expect(first).toEqual(['kept:a', 'kept:b']);
    expect(parseAuthenticScope('kept:a kept:b')).toBe(first);
  });

  test('is kept while no more than 511 others come after it, and no longer', () => {
    const first = parseAuthenticScope('oldest');
    readOthers('early', 511);
    expect(parseAuthenticScope('oldest')).toBe(first);
    readOthers('late', 1);
    expect(parseAuthenticScope('oldest')).not.toBe(first);
    expect(parseAuthenticScope('oldest')).toEqual(['oldest']);
  });

  test('makes room for the newest without the loss of any but the oldest', () => {
    readOthers('filling', 512);
    const second = parseAuthenticScope('filling:1');
    parseAuthenticScope('newest');
    expect(parseAuthenticScope('filling:1')).toBe(second);
  });

  test.each([
    [512, true],
    [513, false],
  ])('of %d characters is kept: %p', (length, isKept) => {
    const text = 'x'.repeat(length);
    const first = parseAuthenticScope(text);
    expect(first).toEqual([text]);
    expect(parseAuthenticScope(text) === first).toBe(isKept);
  });

  test('that is malformed takes no room', () => {
    const first = parseAuthenticScope('before');
    for (let index = 0; index < 512; index += 1) parseAuthenticScope(`mal  formed:${index}`);
    expect(parseAuthenticScope('before')).toBe(first);
  });
});
