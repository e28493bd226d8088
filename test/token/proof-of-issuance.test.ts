import { createSecretKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { appendProof, hasValidProof, withoutProof } from '../../src/token/proof-of-issuance.js';
import { claimsOf, secretOf } from '../support/tokens.js';

const KEY = createSecretKey(secretOf(7));
const CONTEXT = { typ: 'at+jwt', kid: 'kid-1' };
const CLAIMS = JSON.stringify(claimsOf());

const proven = (claims = CLAIMS) => appendProof(claims, CONTEXT, KEY);
const isValid = (text: string, context: { typ: unknown; kid: string } = CONTEXT) =>
  hasValidProof(text, context, KEY);

describe('a proof of issuance', () => {
  test('is the last member of the claims, and leaves all others as they were', () => {
    const { provenance, ...claims } = JSON.parse(proven());

    expect(provenance).toMatch(/^[\w-]{43}$/);
    expect(claims).toEqual(claimsOf());
    expect(withoutProof(proven())).toBe(CLAIMS);
  });

  test.each([
    ['another token type', { ...CONTEXT, typ: 'rt+jwt' }],
    ['no token type', { ...CONTEXT, typ: undefined }],
    ['another key', { ...CONTEXT, kid: 'kid-2' }],
  ])('is invalid under %s', (_name, context) => {
    expect(isValid(proven())).toBe(true);
    expect(isValid(proven(), context)).toBe(false);
  });

  test('is invalid under the provenance key of another root', () => {
    expect(hasValidProof(proven(), CONTEXT, createSecretKey(secretOf(8)))).toBe(false);
  });

  test('is invalid once any character of the claims differs', () => {
    const bytes = Buffer.from(proven());
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(isValid(changed.toString('latin1'))).toBe(false);
    }
  });

  test('is not part of the preceding claims: no other division of the bytes is valid', () => {
    const twice = appendProof(proven(), CONTEXT, KEY);

    expect(isValid(twice)).toBe(true);
    expect(isValid(withoutProof(twice))).toBe(true);
    expect(isValid(`${proven()} `)).toBe(false);
  });

  test.each(['', '{}', '[]', 'null', '{"a":1}', `{"provenance":"${'A'.repeat(43)}"}`, CLAIMS])(
    'is not found in %s, which stays as it is',
    (text) => {
      expect(isValid(text)).toBe(false);
      expect(withoutProof(text)).toBe(text);
    },
  );

  test('can be removed from any claims set, which restores it exactly', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (claims) => {
        const text = JSON.stringify(claims);
        expect(withoutProof(proven(text))).toBe(text);
        expect(isValid(proven(text))).toBe(text !== '{}');
      }),
      { seed: 71_017, numRuns: 200 },
    );
  });
});
