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
});
