import { describe, expect, test } from '@jest/globals';
import { InvalidTokenError } from '../../../src/base/errors.js';
import type { ClaimsSet } from '../../../src/token/claims/claims-set.js';
import { narrowByType } from '../../../src/token/claims/token-types.js';
import { thrownBy } from '../../support/caught.js';
import { claimsOf, NOW } from '../../support/tokens.js';
import { untyped } from '../../support/untyped.js';

const RATE_LIMITS = {
  requests_per_minute: 60,
  tokens_per_minute: 10_000,
  requests_per_hour: 1000,
  concurrent_requests: 5,
};

const LINEAGE_ENTRY = { jti: 'j1', client_id: 'demo', sub: 'alice', iat: NOW - 60 };

const CLAIMS_BY_TYPE = {
  tiered_model_exec: { allowed_models: ['echo-1'], rate_limits: RATE_LIMITS },
  function_call: { allowed_functions: ['add'], rate_limits: RATE_LIMITS },
  api_call: { allowed_endpoints: ['GET /reports/*'], rate_limits: RATE_LIMITS },
  delegation: {
    delegator: 'alice',
    delegated_to: 'agent',
    act: { sub: 'agent' },
    expires_at: NOW + 300,
    lineage: [LINEAGE_ENTRY],
  },
  service: {},
};

function claimsSetOf(type: string | undefined, overrides: Record<string, unknown>): ClaimsSet {
  const none = { allowed_models: undefined, rate_limits: undefined };
  return untyped(claimsOf({ ...none, type, ...overrides }));
}

function reasonFor(type: string | undefined, overrides: Record<string, unknown>) {
  const error = thrownBy(() => narrowByType(claimsSetOf(type, overrides), {}, []));
  return error instanceof InvalidTokenError ? error.reason : error;
}

function claimNamedFor(type: string, overrides: Record<string, unknown>) {
  const error = thrownBy(() => narrowByType(claimsSetOf(type, overrides), {}, []));
  return error instanceof InvalidTokenError ? error.detail.claim : error;
}

describe('narrowByType', () => {
  test.each(Object.entries(CLAIMS_BY_TYPE))('narrows to %s', (type, claims) => {
    const token = narrowByType(claimsSetOf(type, claims), { typ: 'at+jwt' }, ['read']);
    expect(token).toMatchObject({ type, claims, header: { typ: 'at+jwt' }, scope: ['read'] });
  });

  test('narrows a token without type to foreign', () => {
    expect(narrowByType(claimsSetOf(undefined, {}), {}, []).type).toBe('foreign');
  });

  test('lets a check of the type narrow the claims', () => {
    const token = narrowByType(claimsSetOf('function_call', CLAIMS_BY_TYPE.function_call), {}, []);
    const functions: readonly string[] = token.type === 'function_call' ? token.claims.allowed_functions : [];
    expect(functions).toEqual(['add']);
  });

  test.each(['refresh', 'foreign', 'SERVICE', ''])('rejects the type %j', (type) => {
    expect(reasonFor(type, {})).toBe('unknown_type');
  });

  describe.each(Object.entries(CLAIMS_BY_TYPE))('%s', (type, claims) => {
    test.each(['sub', 'client_id', ...Object.keys(claims)])('needs %s', (name) => {
      expect(reasonFor(type, { ...claims, [name]: undefined })).toBe('claim_malformed');
    });

    test.each(['sub', 'client_id', ...Object.keys(claims)])('names a missing %s', (name) => {
      expect(claimNamedFor(type, { ...claims, [name]: undefined })).toBe(name);
    });

    test.each(['permissions', 'metadata', 'api_key_name'])('names a malformed %s', (name) => {
      expect(claimNamedFor(type, { ...claims, [name]: 7 })).toBe(name);
    });

    test.each(['permissions', 'metadata', 'api_key_name'])('needs no %s', (name) => {
      expect(narrowByType(claimsSetOf(type, { ...claims, [name]: undefined }), {}, []).type).toBe(type);
    });

    test.each([
      [{ permissions: 'read' }],
      [{ permissions: ['read', 1] }],
      [{ permissions: null }],
      [{ metadata: 'enterprise' }],
      [{ metadata: ['enterprise'] }],
      [{ metadata: null }],
      [{ api_key_name: 1 }],
      [{ api_key_name: ['Demo key'] }],
      [{ api_key_name: null }],
    ])('rejects %j', (overrides) => {
      expect(reasonFor(type, { ...claims, ...overrides })).toBe('claim_malformed');
    });
  });

  describe.each([
    ['tiered_model_exec', 'allowed_models'],
    ['function_call', 'allowed_functions'],
    ['api_call', 'allowed_endpoints'],
  ])('%s', (type, name) => {
    test.each([['echo-1'], [{ 0: 'echo-1' }], [['echo-1', 1]], [[['echo-1']]], [null]])(
      `rejects ${name} %j`,
      (value) => {
        expect(reasonFor(type, { rate_limits: RATE_LIMITS, [name]: value })).toBe('claim_malformed');
      },
    );

    test(`accepts an empty list of ${name}`, () => {
      expect(narrowByType(claimsSetOf(type, { rate_limits: RATE_LIMITS, [name]: [] }), {}, []).type).toBe(
        type,
      );
    });

    test.each(Object.keys(RATE_LIMITS))('rejects rate_limits without %s', (limit) => {
      const rateLimits = { ...RATE_LIMITS, [limit]: undefined };
      expect(reasonFor(type, { [name]: [], rate_limits: rateLimits })).toBe('claim_malformed');
    });

    test.each([[[]], ['60'], [null], [{ ...RATE_LIMITS, requests_per_hour: '1000' }]])(
      'rejects rate_limits %j',
      (rateLimits) => {
        expect(reasonFor(type, { [name]: [], rate_limits: rateLimits })).toBe('claim_malformed');
      },
    );
  });

  describe('optional limits of an API key', () => {
    const withLimits = (limits: Record<string, unknown>) => ({
      ...CLAIMS_BY_TYPE.api_call,
      rate_limits: { ...RATE_LIMITS, ...limits },
    });

    test.each([
      [{ tokens_per_month: 1 }],
      [{ per_user: {} }],
      [{ per_user: { requests_per_hour: 1, tokens_per_month: 2 } }],
    ])('are accepted as %j', (limits) => {
      expect(narrowByType(claimsSetOf('api_call', withLimits(limits)), {}, []).type).toBe('api_call');
    });

    test.each([
      [{ tokens_per_month: '1' }],
      [{ tokens_per_month: null }],
      [{ per_user: 1 }],
      [{ per_user: [] }],
      [{ per_user: null }],
      [{ per_user: { requests_per_hour: 1, tokens_per_month: '2' } }],
    ])('are rejected as %j', (limits) => {
      expect(reasonFor('api_call', withLimits(limits))).toBe('claim_malformed');
    });
  });

  describe('delegation', () => {
    test.each([
      [{ lineage: [{ jti: 'j1', client_id: 'demo', iat: NOW - 60 }] }],
      [{ lineage: [{ ...LINEAGE_ENTRY, session_id: 's1', kid: 'k1', is_actor: true }, LINEAGE_ENTRY] }],
      [{ allowed_models: [], allowed_functions: ['add'], allowed_endpoints: ['GET /a'] }],
    ])('accepts %j', (overrides) => {
      const claims = claimsSetOf('delegation', { ...CLAIMS_BY_TYPE.delegation, ...overrides });
      expect(narrowByType(claims, {}, []).claims).toEqual(claims);
    });

    test.each([
      [{ delegator: 1 }],
      [{ delegated_to: ['agent'] }],
      [{ act: 'agent' }],
      [{ act: [] }],
      [{ expires_at: '2031-01-01T00:00:00Z' }],
      [{ lineage: [] }],
      [{ lineage: LINEAGE_ENTRY }],
      [{ lineage: [LINEAGE_ENTRY, null] }],
      [{ lineage: [LINEAGE_ENTRY, []] }],
      [{ lineage: [{ ...LINEAGE_ENTRY, jti: undefined }] }],
      [{ lineage: [{ ...LINEAGE_ENTRY, client_id: 1 }] }],
      [{ lineage: [{ ...LINEAGE_ENTRY, sub: 1 }] }],
      [{ lineage: [{ ...LINEAGE_ENTRY, kid: 1 }] }],
      [{ lineage: [{ ...LINEAGE_ENTRY, is_actor: false }] }],
      [{ allowed_models: 'echo-1' }],
      [{ allowed_functions: ['add', 1] }],
      [{ allowed_endpoints: null }],
      [{ lineage: [{ ...LINEAGE_ENTRY, iat: '1' }] }],
      [{ lineage: [LINEAGE_ENTRY, { ...LINEAGE_ENTRY, iat: undefined }] }],
    ])('rejects %j', (overrides) => {
      expect(reasonFor('delegation', { ...CLAIMS_BY_TYPE.delegation, ...overrides })).toBe('claim_malformed');
    });

    test('rejects an ancestor whose session_id is not a string, which revocation could not match', () => {
      const lineage = [{ ...LINEAGE_ENTRY, session_id: ['s1'] }];
      expect(reasonFor('delegation', { ...CLAIMS_BY_TYPE.delegation, lineage })).toBe('claim_malformed');
    });
  });
});
