import { describe, expect, test } from '@jest/globals';
import { hasDuplicateMembers } from '../../src/base/has-duplicate-members.js';

describe('hasDuplicateMembers', () => {
  test.each([
    '{}',
    '[]',
    '"a"',
    '{"a":1,"b":1}',
    '{"a":{"a":{"a":1}}}',
    '{"a":{"b":1},"c":{"b":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":["b","b"],"b":1}',
    '{"a":"b","b":"a"}',
    '{"a":"\\"a\\":1,\\"a\\":2"}',
    '{"a":"{\\"a\\":1","b":"}"}',
    '{"a\\\\":1,"a":2}',
    '{"a":1,"A":2," a":3,"\u00e1":4,"a\u0301":5}',
    '{"a":{"b":1},"b":2}',
    '{"a":"\u2028","b":"\u2029"}',
    '{"__proto__":1,"constructor":2}',
  ])('finds none in %s', (text) => {
    JSON.parse(text);
    expect(hasDuplicateMembers(text)).toBe(false);
  });

  test.each([
    '{"a":1,"a":2}',
    '{"a":1,"a":1}',
    '{"":1,"":2}',
    '{"a":1,"b":2,"a":3}',
    '{"a" : 1 ,\n "a"\t: 2}',
    '{"a":1,"\\u0061":2}',
    '{"a\\/b":1,"a/b":2}',
    '{"\\\\":1,"\\u005c":2}',
    '{"\\"":1,"\\u0022":2}',
    '{"😀":1,"\\ud83d\\ude00":2}',
    '{"a":{"b":1,"b":2}}',
    '{"a":[[{"b":1,"b":2}]]}',
    '{"a":{"x":1},"a":{"y":1}}',
    '{"a":[1],"a":[2]}',
    '{"b":{"a":1},"a":1,"c":[],"a":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a":"\\\\","a":"\\""}',
  ])('finds one in %s', (text) => {
    JSON.parse(text);
    expect(hasDuplicateMembers(text)).toBe(true);
  });
});
