import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { JsonObject } from '../../../src/base/json.js';
import { completeLegacyClaims, type LegacyClaims } from '../../../src/token/claims/complete-legacy-claims.js';
import { isDeeplyFrozen } from '../../support/deeply-frozen.js';
import { LEGACY_TOKENS } from '../../support/legacy-tokens.js';

const SUPPLIED: LegacyClaims = { issuer: 'i', audience: 'a', type: 'foreign' };
const TOKEN = LEGACY_TOKENS.bare;
const RATE_LIMITS = {
  requests_per_minute: 60,
  tokens_per_minute: 10_000,
  requests_per_hour: 1000,
  concurrent_requests: 5,
};

function complete(claims: JsonObject, supplied: Partial<LegacyClaims> = {}): JsonObject {
  return completeLegacyClaims(claims, { ...SUPPLIED, ...supplied }, TOKEN);
}

describe('completeLegacyClaims', () => {
  test('makes the issuer the client of users, even if the token names an API key', () => {
    const claims = { sub: 'alice', api_key_name: 'Demo key' };

    expect(complete(claims, { type: 'user' })).toMatchObject({ client_id: 'i', sub: 'alice' });
  });

  test('adds the claims that no token of that stack has, but no exp', () => {
    expect(complete({})).toEqual({
      iss: 'i',
      aud: 'a',
      iat: 0,
      jti: createHash('sha256').update(TOKEN).digest('base64url'),
    });
  });

  test.each([
    [{ iss: 'x' }],
    [{ aud: ['x'] }],
    [{ exp: 1 }],
    [{ iat: 5 }],
    [{ jti: 'x' }],
    [{ type: 'x' }],
    [{ client_id: 'x' }],
    [{ sub: 'x' }],
    [{ scope: 'x' }],
  ])('does not change %j', (claims) => {
    expect(complete(claims, { type: 'api_call' })).toMatchObject(claims);
  });

  test.each(['iss', 'aud', 'iat', 'jti', 'type', 'client_id', 'sub'])(
    'does not change %s that Python wrote as None, so that it is rejected',
    (name) => {
      const claims = { api_key_name: 'Demo', [name]: null };
      expect(complete(claims, { type: 'api_call' })).toHaveProperty(name, null);
    },
  );

  test('adds the type if the token has none, unless it is foreign', () => {
    expect(complete({}, { type: 'service' })).toHaveProperty('type', 'service');
    expect(complete({ type: 'api_call' }, { type: 'service' })).toHaveProperty('type', 'api_call');
    expect(complete({})).not.toHaveProperty('type');
  });

  test('derives the client and the subject from the API key name', () => {
    const named = { client_id: 'enterprise-key', sub: 'enterprise-key' };
    expect(complete({ api_key_name: 'Enterprise key' })).toMatchObject(named);
    expect(complete({ api_key_name: 'Enterprise key', sub: 'alice' })).toMatchObject({
      client_id: 'enterprise-key',
      sub: 'alice',
    });
    expect(complete({ api_key_name: 'Enterprise key', client_id: 'demo' })).toMatchObject({
      client_id: 'demo',
      sub: 'demo',
    });
  });

  test('uses the subject as the client only for service tokens', () => {
    expect(complete({ sub: 'billing', type: 'service' })).toHaveProperty('client_id', 'billing');
    expect(complete({ sub: 'billing' }, { type: 'service' })).toHaveProperty('client_id', 'billing');
    expect(complete({ sub: 'alice', type: 'api_call' })).not.toHaveProperty('client_id');
    expect(complete({ sub: 'alice' })).not.toHaveProperty('client_id');
  });

  test.each([[{}], [{ api_key_name: '钥匙' }], [{ api_key_name: 1 }], [{ sub: 1, type: 'service' }]])(
    'invents no client: %j',
    (claims: JsonObject) => {
      expect(complete(claims, { type: 'api_call' })).not.toHaveProperty('client_id');
    },
  );

  test.each([
    ['tiered_model_exec', 'allowed_models'],
    ['function_call', 'allowed_functions'],
    ['api_call', 'allowed_endpoints'],
  ] as const)('allows nothing that a token of type %s does not list', (type, allowed) => {
    const promised = { [allowed]: [], rate_limits: RATE_LIMITS };
    expect(complete({}, { type })).toMatchObject(promised);
    expect(complete({ type })).toMatchObject(promised);
    const own = { type, [allowed]: ['x'], rate_limits: { requests_per_minute: 1 } };
    expect(complete(own)).toMatchObject(own);
  });

  test.each(['service', 'delegation', 'refresh', 'toString', 7])(
    'promises nothing for the type %j',
    (type) => {
      expect(Object.keys(complete({ type })).sort()).toEqual(['aud', 'iat', 'iss', 'jti', 'type']);
    },
  );

  test('returns deeply frozen claims, and does not change its argument', () => {
    const claims = Object.freeze({ api_key_name: 'Demo' });
    expect(isDeeplyFrozen(complete(claims, { type: 'api_call' }))).toBe(true);
    expect(claims).toEqual({ api_key_name: 'Demo' });
  });

  test('treats a claim named __proto__ as a claim', () => {
    const claims: JsonObject = JSON.parse('{"__proto__":{"client_id":"admin","type":"service"}}');
    const completed = complete(claims);
    expect(Object.getPrototypeOf(completed)).toBe(Object.prototype);
    expect(completed['client_id']).toBeUndefined();
  });
});
