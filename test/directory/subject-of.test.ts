import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { subjectOf } from '../../src/directory/subject-of.js';

test.each([
  ['an ID', '0f3c', 'corp:0f3c'],
  ['an ID with a colon', 'a:b', 'corp:a:b'],
  ['the longest subject', 'a'.repeat(123), `corp:${'a'.repeat(123)}`],
  ['a longer one', 'a'.repeat(124), expect.stringMatching(/^corp:sha-256\.[\w-]{43}$/)],
  ['an ID in other letters', 'Zoë', expect.stringMatching(/^corp:sha-256\.[\w-]{43}$/)],
  ['an ID with a space', 'a b', expect.stringMatching(/^corp:sha-256\.[\w-]{43}$/)],
  ['an ID in the form of a digest', 'sha-256.x', expect.stringMatching(/^corp:sha-256\.[\w-]{43}$/)],
])('the subject of %s has the documented form', (_name, id, expected) => {
  expect(subjectOf('corp', id)).toEqual(expected);
});

test('different IDs have different subjects, which no key_id equals', () => {
  const id = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('sha-256.', 'sha-256.a', 'a'.repeat(200)));
  fc.assert(
    fc.property(id, id, (one, other) => {
      expect(subjectOf('corp', one)).toMatch(/^corp:[\x21-\x7e]{1,123}$/);
      expect(subjectOf('corp', one) === subjectOf('corp', other)).toBe(one === other);
    }),
  );
});
