import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { editJson, type JsonChange, type JsonChanges } from '../../examples/gateway/json/edit-json.js';
import { findDuplicateName, listMembers } from '../../examples/gateway/json/scan-json.js';

const changes = (entries: Readonly<Record<string, JsonChange>>): JsonChanges =>
  new Map(Object.entries(entries));
const edit = (text: string, entries: Readonly<Record<string, JsonChange>>): string =>
  editJson(Buffer.from(text), changes(entries)).toString();

const remove: JsonChange = { kind: 'remove' };
const set = (value: string | number | boolean | null): JsonChange => ({ kind: 'set', value });
const within = (entries: Readonly<Record<string, JsonChange>>): JsonChange => ({
  kind: 'within',
  changes: changes(entries),
});

describe('editJson()', () => {
  test('returns the same buffer without changes', () => {
    const bytes = Buffer.from(' { "a" : 1 } ');

    expect(editJson(bytes, new Map())).toBe(bytes);
  });

  test.each([
    ['{ "a" : 1 }', { a: set(2) }, '{ "a" : 2 }'],
    ['\n{"a":1}\n', { b: set('é"') }, '\n{"a":1,"b":"é\\""}\n'],
    ['{}', { a: set(null) }, '{"a":null}'],
    ['{ \n }', { a: set(1), b: set(2) }, '{"a":1,"b":2}'],
    ['{"a":1, "b":2 ,"c":3}', { b: remove }, '{"a":1,"c":3}'],
    ['{"a":1,"b":2}', { a: remove }, '{"b":2}'],
    ['{"a":1,"b":2}', { a: remove, b: remove }, '{}'],
    ['{"a":1,"b":2}', { b: remove, c: set(3) }, '{"a":1,"c":3}'],
    ['{"a":1}', { b: remove }, '{"a":1}'],
    ['{"\\u0061":1}', { a: set(2) }, '{"\\u0061":2}'],
    [
      '{"a":{"b" : [1, {"c":"}"}], "d":9007199254740993}}',
      { a: within({ b: set(0) }) },
      '{"a":{"b" : 0, "d":9007199254740993}}',
    ],
    ['{"a":null}', { a: within({ b: set(0), c: remove }) }, '{"a":{"b":0}}'],
    ['{"b":"a"}', { a: within({ b: within({ c: set(true) }) }) }, '{"b":"a","a":{"b":{"c":true}}}'],
    ['{"b":"\\\\","a":"\\"a\\":1,"}', { a: set(1) }, '{"b":"\\\\","a":1}'],
  ])('edits %s by %j to %s', (text, entries, expected) => {
    expect(edit(text, entries)).toBe(expected);
  });

  test('agrees with an edit of the parsed object, for any object and any white space', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 8 });
    fc.assert(
      fc.property(
        object,
        fc.constantFrom('', ' ', '\n\t'),
        fc.nat(),
        fc.string(),
        (value, space, index, other) => {
          const text = JSON.stringify(value, null, space);
          const name = Object.keys(value)[index % 8] ?? other;
          const { [name]: _removed, ...rest } = JSON.parse(text);

          expect(JSON.parse(edit(text, { [name]: remove }))).toEqual(rest);
          expect(JSON.parse(edit(text, { [name]: set(7) }))).toEqual({ ...JSON.parse(text), [name]: 7 });
        },
      ),
      { numRuns: 300, examples: [[{ '"': '\\' }, '', 0, '']] },
    );
  });
});

describe('listMembers()', () => {
  test('locates the bytes of each value', () => {
    const bytes = Buffer.from('{"é" : "😀\\"" ,"b":[{"c":1}],\r\n"d":-1e5}');
    const values = listMembers(bytes, 0).map((member) => [
      member.name,
      bytes.toString('utf8', member.valueStart, member.valueEnd),
    ]);

    expect(values).toEqual([
      ['é', '"😀\\""'],
      ['b', '[{"c":1}]'],
      ['d', '-1e5'],
    ]);
  });
});

describe('findDuplicateName()', () => {
  test.each([
    ['{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}', undefined],
    ['{"a":"b","b":"a","c":"\\"a\\":1"}', undefined],
    ['{"a":1,"\\u0061" :2}', 'a'],
    ['{"a":{"b":[{"name":1,"x":{},"name":2}]}}', 'name'],
    ['["a","a",{"b":"b"}]', undefined],
  ])('finds in %s the duplicate %p', (text, name) => {
    expect(findDuplicateName(Buffer.from(text))).toBe(name);
  });

  test('takes linear time for deep nesting', () => {
    const depth = 200_000;
    const startedAt = performance.now();
    findDuplicateName(Buffer.from(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`));

    expect(performance.now() - startedAt).toBeLessThan(2000);
  });
});
