import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { normalizeDn } from '../../src/directory/normalize-dn.js';

const areEqual = (one: string, other: string): boolean => {
  const normalized = normalizeDn(one);
  return normalized !== undefined && normalized === normalizeDn(other);
};

test.each([
  ['the case of types and ASCII letters', 'UID=JSmith,DC=Example,DC=Net', 'uid=jsmith,dc=example,dc=net'],
  ['spaces around separators', 'CN = Steve Kille , O = Isode', 'CN=Steve Kille,O=Isode'],
  [
    'the order within a multi-valued RDN',
    'OU=Sales+CN=J. Smith,DC=example',
    'cn=J. Smith+ou=Sales,DC=example',
  ],
  ['escapes in both notations', 'CN=James \\"Jim\\" Smith\\, III', 'CN=James \\22Jim\\22 Smith\\2c III'],
  ['a carriage return', 'CN=Before\\0dAfter', 'CN=Before\\0DAfter'],
  ['octets of UTF-8', 'CN=Lu\\C4\\8Di\\C4\\87', 'CN=Lučić'],
  ['the case of hexadecimal digits', '1.3.6.1.4.1.1466.0=#04024869', '1.3.6.1.4.1.1466.0=#04024869'],
  ['an escaped and a quoted space', 'CN=\\ a\\ ', 'CN=\\20a\\20'],
])('equal names differ in %s (RFC 4514 §4)', (_, one, other) => {
  expect(areEqual(one, other)).toBe(true);
});

test.each([
  ['the order of RDNs', 'OU=a,OU=b', 'OU=b,OU=a'],
  ['an escaped separator', 'CN=a\\,OU=b', 'CN=a,OU=b'],
  ['a plus sign', 'CN=a+OU=b', 'CN=a,OU=b'],
  ['an encoded value', 'CN=#0401', 'CN=\\#0401'],
  ['an encoded value after NUL', 'CN=#0401', 'CN=\\00#0401'],
  ['the case of other letters', 'CN=Ä', 'CN=ä'],
  ['the Kelvin sign and the dotless i', 'CN=\u212a\u0131', 'CN=ki'],
  ['a space within a value', 'CN=a  b', 'CN=a b'],
  ['an escaped space at the end', 'CN=a\\ ', 'CN=a'],
  ['a suffix', 'CN=a,DC=example', 'CN=a,DC=example,DC=com'],
  ['NUL', 'CN=a\\00', 'CN=a'],
])('different names differ in %s', (_, one, other) => {
  expect([normalizeDn(one), normalizeDn(other)]).not.toContain(undefined);
  expect(areEqual(one, other)).toBe(false);
});

test('a malformed name is rejected', () => {
  const malformed = [
    ...[
      '',
      ' ',
      'a',
      '=a',
      'CN=',
      'CN=a,',
      ',CN=a',
      'CN=a+',
      'CN=a,,DC=b',
      'C N=a',
      '1.=a',
      '-a=b',
      'CN=a\\',
      'CN=\\zz',
    ],
    ...[
      'CN=a"b',
      'CN=a;b',
      'CN=a<b',
      'CN=a>b',
      'CN=a\0b',
      'CN=#',
      'CN=#0',
      'CN=#0g',
      'CN=\\ff',
      `CN=${'a'.repeat(2048)}`,
    ],
  ];

  expect(malformed.filter((dn) => normalizeDn(dn) !== undefined)).toEqual([]);
});

describe('for any value', () => {
  const escapeAll = (value: string): string =>
    [...Buffer.from(value)].map((octet) => `\\${octet.toString(16).padStart(2, '0')}`).join('');
  const escapeSome = (value: string): string =>
    value.replace(/[\\,+"<>;=#\0 ]/g, (symbol) => (symbol === '\0' ? '\\00' : `\\${symbol}`));
  const values = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });

  test('every spelling of escapes is equal', () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const spell = (encode: (value: string) => string) =>
          `CN=${encode(one)}+OU=${encode(other)},DC=example`;
        return areEqual(spell(escapeAll), spell(escapeSome));
      }),
    );
  });

  test('only names with equal values are equal', () => {
    const fold = (value: string) => value.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    fc.assert(
      fc.property(values, values, (one, other) => {
        return areEqual(`CN=${escapeSome(one)}`, `CN=${escapeAll(other)}`) === (fold(one) === fold(other));
      }),
    );
  });
});
