import { describe, expect, test } from '@jest/globals';
import {
  ACCESS_TOKEN_TYP,
  ALLOWED_CLAIMS,
  REFRESH_TOKEN_TYP,
  RESERVED_CLAIMS,
} from '../../../src/token/claims/claims-set.js';
import { DEFAULT_RATE_LIMITS } from '../../../src/token/claims/rate-limits.js';
import { API_KEY_TYPES, isTokenType } from '../../../src/token/claims/token-type-names.js';

describe('the types of tokens', () => {
  test.each(['tiered_model_exec', 'function_call', 'api_call', 'delegation', 'service', 'foreign'])(
    '%s is one',
    (type) => {
      expect(isTokenType(type)).toBe(true);
    },
  );

  test.each([
    ['refresh'],
    [''],
    ['SERVICE'],
    ['toString'],
    ['__proto__'],
    [undefined],
    [null],
    [1],
    [['service']],
  ])('%j is not a type', (type) => {
    expect(isTokenType(type)).toBe(false);
  });

  test('of API keys are those that list models, functions or endpoints', () => {
    expect(API_KEY_TYPES).toEqual(['tiered_model_exec', 'function_call', 'api_call']);
    expect(ALLOWED_CLAIMS).toEqual(['allowed_models', 'allowed_functions', 'allowed_endpoints']);
  });

  test('in the header tell access tokens from refresh tokens', () => {
    expect([ACCESS_TOKEN_TYP, REFRESH_TOKEN_TYP]).toEqual(['at+jwt', 'rt+jwt']);
  });
});

describe('the claims that an application may not add', () => {
  test('are all claims that this package reads or writes', () => {
    expect([...RESERVED_CLAIMS].sort()).toEqual([
      ...['__proto__', 'act', 'allowed_endpoints', 'allowed_functions', 'allowed_models', 'api_key_name'],
      ...['aud', 'client_id', 'cnf', 'delegated_to', 'delegator', 'device_id', 'exp', 'expires_at', 'iat'],
      ...['iss', 'jti', 'lineage', 'metadata', 'nbf', 'permissions', 'provenance', 'rate_limits', 'scope'],
      ...['session_id', 'sub', 'type'],
    ]);
  });
});

describe('the default limits of an API key', () => {
  test('are low and frozen', () => {
    expect(DEFAULT_RATE_LIMITS).toStrictEqual({
      requests_per_minute: 60,
      tokens_per_minute: 10_000,
      requests_per_hour: 1000,
      concurrent_requests: 5,
    });
    expect(Object.isFrozen(DEFAULT_RATE_LIMITS)).toBe(true);
  });
});
