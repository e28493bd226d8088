import { describe, expect, test } from '@jest/globals';
import { InvalidTokenError } from '../../../src/base/errors.js';
import type { JsonObject } from '../../../src/base/json.js';
import { type ClaimsOptions, resolveClaimsPolicy } from '../../../src/token/claims/claims-policy.js';
import { validateClaimsSet } from '../../../src/token/claims/validate-claims-set.js';
import type { VerifiedToken } from '../../../src/token/claims/verified-token.js';
import { thrownBy } from '../../support/caught.js';
import { AUDIENCE, claimsOf, ISSUER, NOW } from '../../support/tokens.js';

interface Nested {
  readonly header?: JsonObject;
  readonly signedHeader?: JsonObject;
  readonly options?: Partial<ClaimsOptions>;
}

function validate({ header = {}, signedHeader = { typ: 'at+jwt' }, options }: Nested): VerifiedToken {
  const policy = resolveClaimsPolicy({ issuer: ISSUER, audience: AUDIENCE, ...options });
  return validateClaimsSet({ header, claims: claimsOf(), key: {}, signedHeader }, policy, NOW);
}

function reasonFor(nested: Nested): unknown {
  const error = thrownBy(() => validate(nested));
  return error instanceof InvalidTokenError ? error.reason : error;
}

describe('the outer header of a signed token', () => {
  test.each([
    {},
    { typ: 'JWT' },
    { typ: 'application/jwt' },
    { typ: 'at+jwt' },
    { typ: 'application/AT+JWT' },
  ])('may have typ %j', (header) => {
    expect(validate({ header }).header).toEqual(header);
  });

  test.each([{ typ: 'JWE' }, { typ: 'rt+jwt' }, { typ: '' }, { typ: null }, { typ: 1 }, { typ: ['JWT'] }])(
    'may not say %j',
    (header) => {
      expect(reasonFor({ header })).toBe('wrong_typ');
    },
  );

  test('may repeat the type that the policy names, and no other', () => {
    const nested = { signedHeader: { typ: 'x+jwt' }, options: { typ: 'x+jwt' } };
    expect(() => validate({ ...nested, header: { typ: 'X+JWT' } })).not.toThrow();
    expect(reasonFor({ ...nested, header: { typ: 'at+jwt' } })).toBe('wrong_typ');
  });

  test.each([
    [{}, 'wrong_typ'],
    [{ typ: 'JWT' }, 'wrong_typ'],
    [{ typ: 'rt+jwt' }, 'refresh_token'],
  ])('does not replace the signed header %j', (signedHeader, reason) => {
    expect(reasonFor({ header: { typ: 'at+jwt' }, signedHeader })).toBe(reason);
  });
});
