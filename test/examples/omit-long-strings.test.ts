import { expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { lengthOfString, omitLongStrings } from '../../examples/gateway/json/omit-long-strings.js';

const LONG = 2000;

function omit(json: string): string {
  return omitLongStrings(Buffer.from(json)).toString();
}

test('JSON without long strings stays the same buffer', () => {
  const bytes = Buffer.from('{"a":["b",1]}');

  expect(omitLongStrings(bytes)).toBe(bytes);
});

test('a long string is replaced, and all other bytes stay', () => {
  const shortened = omit(`{"a" : "${'x'.repeat(LONG)}",\n "b":9007199254740993}`);

  expect(shortened).toMatch(/^\{"a" : "\\u0000[^"]*",\n "b":9007199254740993\}$/);
  expect(lengthOfString(JSON.parse(shortened).a)).toBe(LONG);
});

test.each([
  ['ASCII', 'a'],
  ['characters of two bytes', 'é'],
  ['characters of three bytes', '漢'],
  ['characters of four bytes', '😀'],
  ['escapes', '"\\\n\u0001'],
])('the length of an omitted string is that of the parsed string in UTF-8: %s', (_name, part) => {
  const text = part.repeat(2000);

  expect(lengthOfString(JSON.parse(omit(JSON.stringify(text))))).toBe(Buffer.byteLength(text));
});

test.each([
  ['one byte', '\\u0041'],
  ['two bytes', '\\u00E9\\u07ff'],
  ['three bytes', '\\u0800\\u6f22\\uFFFD'],
  ['four bytes', '\\ud83d\\uDE00'],
])('an omitted string with escaped characters of %s has the length of these characters', (_name, escaped) => {
  const json = `"${escaped.repeat(500)}"`;

  expect(lengthOfString(JSON.parse(omit(json)))).toBe(Buffer.byteLength(JSON.parse(json)));
});

test('escapes of short strings do not count for the omitted string that follows', () => {
  const shortened = omit(JSON.stringify(['\n'.repeat(9), 'x'.repeat(LONG), '\n', '\n'.repeat(LONG)]));

  expect(JSON.parse(shortened).map(lengthOfString)).toEqual([9, LONG, 1, LONG]);
});

test('the lengths of all strings are known, in any JSON, at any offset', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'grapheme', minLength: 600, maxLength: 1500 }),
    fc.string({ unit: fc.constantFrom('"', '\\', 'a', 'a'.repeat(300)), maxLength: 40 }),
  );
  fc.assert(
    fc.property(fc.array(text), fc.constantFrom(undefined, 2), fc.nat({ max: 7 }), (texts, space, offset) => {
      const json = JSON.stringify(texts, null, space);
      const bytes = Buffer.from(' '.repeat(offset) + json).subarray(offset);
      const parsed: readonly string[] = JSON.parse(omitLongStrings(bytes).toString());

      expect(parsed.map(lengthOfString)).toEqual(texts.map((each) => Buffer.byteLength(each)));
    }),
    { numRuns: 500 },
  );
});

test.each(['"', '"\\', '"a', '"\\u00', '"aaaa\\', ''])(
  'a string stays the same if the JSON ends after %j',
  (rest) => {
    const json = `["${'x'.repeat(LONG)}",${rest}`;
    const bytes = Buffer.from(`${json}"}`).subarray(0, json.length);

    expect(omitLongStrings(bytes).toString()).toMatch(/^\["\\u0000[^"]*",/);
    expect(omitLongStrings(bytes).toString().endsWith(`,${rest}`)).toBe(true);
  },
);

test('a long string without an end is omitted', () => {
  expect(omit(`"${'x'.repeat(LONG)}`)).toMatch(/^"\\u0000[^"]*"$/);
});

test.each(['\\u', '\\u0', '\\u00e', '\\u-123', '\\ug'])('invalid escapes %j count in full', (escaped) => {
  const text = escaped.repeat(LONG);

  expect(lengthOfString(JSON.parse(omit(`"${text}"`)))).toBe(text.length);
});

test('a search for a distant quote is not repeated at each escape', () => {
  const bytes = Buffer.from(`["${`${'x'.repeat(400)}\\n`.repeat(1000)}"]`);
  const searches = jest.spyOn(bytes, 'indexOf');
  omitLongStrings(bytes);

  expect(searches.mock.calls.filter(([byte]) => byte === 0x22).length).toBeLessThan(3);
});

test('long names of members stay', () => {
  const json = `{"${'n'.repeat(LONG)}" : 1}`;

  expect(omit(json)).toBe(json);
});

test('a long name in a value remains longer than 256 characters', () => {
  expect(JSON.parse(omit(`"${'n'.repeat(LONG)}"`)).length).toBeGreaterThan(256);
});

test.each(['\u00000', '\u0000 ', '\u0000999999999999', '\u0000'])(
  'a string %j of a client that resembles a stand-in counts with its full length',
  (text) => {
    expect(lengthOfString(text.padEnd(600))).toBe(600);
  },
);
