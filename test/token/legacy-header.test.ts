import { afterEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { isLegacyHeader, keepLegacyHeader } from '../../src/token/legacy-header.js';
import { cacheHeader, readHeader } from '../../src/token/protected-header.js';
import { escapeOf } from '../support/legacy-tokens.js';

const MOST = 16;

const encode = (header: string) => Buffer.from(header).toString('base64url');

/** The legacy header with some spaces, which no other test has. */
const spelling = (spaces: number) => encode(`{"alg":"dir",${' '.repeat(spaces)}"enc":"A256GCM"}`);

/** Whether a header is parsed to find out. */
function isParsed(encoded: string): boolean {
  const parse = jest.spyOn(JSON, 'parse');
  isLegacyHeader(encoded);
  const { length } = parse.mock.calls;
  parse.mockRestore();
  return length > 0;
}

afterEach(() => {
  jest.restoreAllMocks();
});

describe('a legacy header', () => {
  test('is parsed until it is cached', () => {
    const encoded = spelling(1);

    expect([isLegacyHeader(encoded), isParsed(encoded), isParsed(encoded)]).toEqual([true, true, true]);
    keepLegacyHeader(encoded);
    expect([isLegacyHeader(encoded), isParsed(encoded)]).toEqual([true, false]);
  });

  test('is evicted by the 16th newer header, and no sooner', () => {
    const spellings = Array.from({ length: MOST }, (_, index) => spelling(10 + index));
    for (const encoded of spellings) keepLegacyHeader(encoded);
    expect(spellings.map(isParsed)).toEqual(spellings.map(() => false));
    keepLegacyHeader(spelling(100));

    expect(spellings.map(isParsed)).toEqual(spellings.map((_, index) => index === 0));
  });

  test('evicts no other if it is cached already', () => {
    const spellings = Array.from({ length: MOST }, (_, index) => spelling(30 + index));
    for (const encoded of spellings) keepLegacyHeader(encoded);
    keepLegacyHeader(spelling(31));

    expect(spellings.map(isParsed)).toEqual(spellings.map(() => false));
  });
});

describe('any JSON spelling', () => {
  const space = fc.stringMatching(/^[ \t\r\n]{0,6}$/);
  const escapes = fc.array(fc.boolean(), { minLength: 7, maxLength: 7 });
  const string = (text: string) =>
    escapes.map(
      (marks) => `"${[...text].map((one, index) => (marks[index] ? escapeOf(one) : one)).join('')}"`,
    );
  const member = (name: string, value: string) =>
    fc.tuple(string(name), space, space, string(value), space).map(([left, ...rest]) => {
      const [before, after, right, end] = rest;
      return `${left}${before}:${after}${right}${end}`;
    });
  const object = (...members: readonly fc.Arbitrary<string>[]) =>
    fc
      .tuple(fc.shuffledSubarray([...members], { minLength: members.length }), space, space)
      .chain(([ordered, start, end]) =>
        fc.tuple(...ordered).map((texts) => `${start}{${texts.join(`,${start}`)}}${end}`),
      );
  const [alg, enc] = [member('alg', 'dir'), member('enc', 'A256GCM')];

  test('of the two members is legacy', () => {
    fc.assert(fc.property(object(alg, enc), (header) => isLegacyHeader(encode(header))));
  });

  test.each(['kid', 'typ', 'alg', 'enc', 'x'])('of a third member, %s, is not', (name) => {
    const third = member(name, 'dir');
    fc.assert(fc.property(object(alg, enc, third), (header) => !isLegacyHeader(encode(header))));
  });
});

test('the header of an ordinary token is not parsed once it is known', () => {
  const encoded = encode('{"alg":"dir","enc":"A256GCM","kid":"known"}');
  expect([isLegacyHeader(encoded), isParsed(encoded)]).toEqual([false, true]);
  cacheHeader(readHeader(encoded));

  expect([isLegacyHeader(encoded), isParsed(encoded)]).toEqual([false, false]);
});
