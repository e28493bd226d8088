import { describe, expect, test } from '@jest/globals';
import { allowsEndpoint, allowsFunctions, allowsModel } from '../../../src/token/claims/allowances.js';
import type { ClaimsSet } from '../../../src/token/claims/claims-set.js';
import { narrowByType } from '../../../src/token/claims/token-types.js';
import type { VerifiedToken } from '../../../src/token/claims/verified-token.js';
import { claimsOf, NOW } from '../../support/tokens.js';
import { untyped } from '../../support/untyped.js';

const { rate_limits: RATE_LIMITS = {} } = claimsOf();

const DELEGATED = {
  type: 'delegation',
  delegator: 'alice',
  delegated_to: 'agent',
  act: { sub: 'agent' },
  expires_at: NOW + 300,
  lineage: [{ jti: 'j1', client_id: 'demo', iat: NOW - 60 }],
};

/** What tokens of each kind say beside what every token says. */
const CLAIMS = {
  executes: { type: 'tiered_model_exec', allowed_models: ['m1', 'm2'], rate_limits: RATE_LIMITS },
  callsFunctions: { type: 'function_call', allowed_functions: ['add', 'sub'], rate_limits: RATE_LIMITS },
  callsEndpoints: {
    type: 'api_call',
    allowed_endpoints: ['POST /jobs', 'GET /reports/*'],
    rate_limits: RATE_LIMITS,
  },
  delegatesAll: {
    ...DELEGATED,
    allowed_models: ['m1', 'm2'],
    allowed_functions: ['add', 'sub'],
    allowed_endpoints: ['POST /jobs', 'GET /reports/*'],
  },
  delegatesNothing: DELEGATED,
  serves: { type: 'service' },
  isForeign: {},
};

function tokenOf(claims: object): VerifiedToken {
  const none = { type: undefined, allowed_models: undefined, rate_limits: undefined };
  const set: ClaimsSet = untyped(claimsOf({ ...none, ...claims }));
  return narrowByType(set, {}, []);
}

const REPORT = { method: 'GET', path: '/reports/7' };

describe('a model', () => {
  test.each([
    ['tiered_model_exec', CLAIMS.executes],
    ['delegation', CLAIMS.delegatesAll],
  ])('is allowed for %s if it is listed, by exact name', (_, claims) => {
    const token = tokenOf(claims);
    expect(allowsModel(token, 'm2')).toBe(true);
    expect(['m', 'm3', 'M1', '', ['m1'], undefined].filter((name) => allowsModel(token, name))).toEqual([]);
  });

  test('of any name is allowed for function_call, but only if the name is a string', () => {
    const token = tokenOf(CLAIMS.callsFunctions);
    expect(allowsModel(token, 'any')).toBe(true);
    expect([undefined, null, 1, ['any'], {}].filter((name) => allowsModel(token, name))).toEqual([]);
  });

  test.each([
    ['api_call', CLAIMS.callsEndpoints],
    ['a delegation that lists none', CLAIMS.delegatesNothing],
    ['service', CLAIMS.serves],
    ['foreign', CLAIMS.isForeign],
  ])('is not allowed for %s', (_, claims) => {
    const token = tokenOf(claims);
    expect(allowsModel(token, 'm1')).toBe(false);
    expect(allowsModel(token, undefined)).toBe(false);
  });
});

describe('functions', () => {
  test('of any name are allowed for tiered_model_exec', () => {
    expect(allowsFunctions(tokenOf(CLAIMS.executes), ['any', 'other'])).toBe(true);
  });

  test.each([
    ['function_call', CLAIMS.callsFunctions],
    ['delegation', CLAIMS.delegatesAll],
  ])('are allowed for %s if all of them are listed', (_, claims) => {
    const token = tokenOf(claims);
    expect([[], ['sub'], ['sub', 'add']].map((names) => allowsFunctions(token, names))).toEqual([
      true,
      true,
      true,
    ]);
    expect([['mul'], ['add', 'mul'], ['ad']].map((names) => allowsFunctions(token, names))).toEqual([
      false,
      false,
      false,
    ]);
  });

  test.each([
    ['api_call', CLAIMS.callsEndpoints],
    ['a delegation that lists none', CLAIMS.delegatesNothing],
    ['service', CLAIMS.serves],
    ['foreign', CLAIMS.isForeign],
  ])('are allowed for %s if there are none', (_, claims) => {
    const token = tokenOf(claims);
    expect(allowsFunctions(token, [])).toBe(true);
    expect(allowsFunctions(token, ['add'])).toBe(false);
  });
});

describe('an endpoint', () => {
  test.each([
    ['api_call', CLAIMS.callsEndpoints],
    ['delegation', CLAIMS.delegatesAll],
  ])('is allowed for %s if one of its patterns matches', (_, claims) => {
    const token = tokenOf(claims);
    expect(allowsEndpoint(token, REPORT)).toBe(true);
    expect(allowsEndpoint(token, { method: 'POST', path: '/jobs' })).toBe(true);
    expect(allowsEndpoint(token, { method: 'POST', path: '/reports/7' })).toBe(false);
  });

  test.each([
    ['tiered_model_exec', CLAIMS.executes],
    ['function_call', CLAIMS.callsFunctions],
    ['a delegation that lists none', CLAIMS.delegatesNothing],
    ['service', CLAIMS.serves],
    ['foreign', CLAIMS.isForeign],
  ])('is not allowed for %s', (_, claims) => {
    const token = tokenOf(claims);
    expect(allowsEndpoint(token, REPORT)).toBe(false);
  });
});
