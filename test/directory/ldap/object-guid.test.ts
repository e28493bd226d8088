import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatObjectGuid, parseObjectGuid } from '../../../src/directory/ldap/object-guid.js';

test('the first three groups are little-endian (MS-DTYP §2.3.4)', () => {
  const octets = Buffer.from('33221100554477668899aabbccddeeff', 'hex');

  expect(formatObjectGuid(octets)).toBe('00112233-4455-6677-8899-aabbccddeeff');
  expect(parseObjectGuid('00112233-4455-6677-8899-aabbccddeeff')).toEqual(octets);
});

test('formatting is the inverse of parsing', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (octets) => {
      const text = formatObjectGuid(Buffer.from(octets));
      return text !== undefined && parseObjectGuid(text)?.equals(octets) === true;
    }),
  );
});

test('other octets and spellings are no GUID', () => {
  const spellings = [
    '',
    'x',
    '00112233-4455-6677-8899-AABBCCDDEEFF',
    '{00112233-4455-6677-8899-aabbccddeeff}',
    '0'.repeat(32),
  ];

  expect(formatObjectGuid(Buffer.alloc(15))).toBeUndefined();
  expect(spellings.filter((text) => parseObjectGuid(text) !== undefined)).toEqual([]);
});
