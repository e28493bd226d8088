import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { createVerifiedToken } from '../../../src/token/claims/verified-token.js';
import { AUDIENCE, ISSUER, NOW } from '../../support/tokens.js';

const CLAIMS = { iss: ISSUER, aud: AUDIENCE, exp: NOW + 600, iat: NOW, jti: 'j1' };

describe('createVerifiedToken', () => {
  test('is frozen, and so is its scope', () => {
    const token = createVerifiedToken('foreign', CLAIMS, { header: {}, scope: ['read'] });
    expect(Object.isFrozen(token)).toBe(true);
    expect(Object.isFrozen(token.scope)).toBe(true);
  });

  test.each([
    ['read', true],
    ['write', true],
    ['rea', false],
    ['READ', false],
    ['read write', false],
    ['', false],
  ])('has the scope %j: %p', (scope, expected) => {
    const { hasScope } = createVerifiedToken('foreign', CLAIMS, { header: {}, scope: ['read', 'write'] });
    expect(hasScope(scope)).toBe(expected);
  });

  test.each(['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'])(
    'throws for token.%s, and names the remedy',
    (claim) => {
      const token = createVerifiedToken('foreign', CLAIMS, { header: {}, scope: [] });

      expect(() => Reflect.get(token, claim)).toThrow(
        new TypeError(`${claim} is a claim, not a member of the verified token: read token.claims.${claim}`),
      );
    },
  );

  test('is copied, compared, serialized and printed without its accessors', () => {
    const token = createVerifiedToken('foreign', CLAIMS, { header: { kid: 'k1' }, scope: ['read'] });
    const members = { type: 'foreign', claims: CLAIMS, header: { kid: 'k1' }, scope: ['read'] };
    const { hasScope, ...copy } = { ...token };

    expect(hasScope('read')).toBe(true);
    expect(copy).toEqual(members);
    expect(structuredClone(copy)).toEqual(members);
    expect(token).toEqual({ ...members, hasScope });
    expect(token).toMatchObject(members);
    expect(JSON.parse(JSON.stringify(token))).toEqual(members);
    expect(inspect(token)).toContain("iss: 'https://auth.example.com'");
    expect(Object.keys(token).toSorted()).toEqual(['claims', 'hasScope', 'header', 'scope', 'type']);
  });
});
