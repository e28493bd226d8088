import { describe, expect, test } from '@jest/globals';
import { createLegacyKey } from '../../src/keys/create-legacy-key.js';
import { resolveClaimsPolicy } from '../../src/token/claims/claims-policy.js';
import { type LegacyOptions, resolveLegacyPolicy } from '../../src/token/legacy-policy.js';
import { LEGACY, LEGACY_ISSUER, LEGACY_KEY_HEX, legacyKey } from '../support/legacy-tokens.js';
import { AUDIENCE, ISSUER, NOW } from '../support/tokens.js';

const OTHER = 'https://other.example.com';
const CLAIMS = {
  issuer: ISSUER,
  audience: [OTHER, AUDIENCE],
  typ: 'JWT',
  maxTokenAgeSeconds: 900,
  scopeClaim: 'permissions',
};

const resolve = (options: LegacyOptions | undefined) =>
  resolveLegacyPolicy(options, resolveClaimsPolicy(CLAIMS));

/** As a caller without TypeScript passes it. */
function resolveWith(change: Record<string, unknown>) {
  return () => resolve({ ...LEGACY, ...change });
}

describe('resolveLegacyPolicy', () => {
  test('returns undefined without options', () => {
    expect(resolve(undefined)).toBeUndefined();
  });

  test('accepts the five options, and adds a header', () => {
    expect(resolve(LEGACY)).toMatchObject({
      issuer: LEGACY_ISSUER,
      audience: AUDIENCE,
      type: 'foreign',
      until: NOW + 86_400,
      header: { alg: 'dir', enc: 'A256GCM', kid: legacyKey.kid, typ: 'at+jwt' },
    });
  });

  test('narrows the claims policy to the issuer and audience of legacy tokens', () => {
    expect(resolve(LEGACY)?.claimsPolicy).toEqual({
      ...resolveClaimsPolicy(CLAIMS),
      issuers: new Set([LEGACY_ISSUER]),
      audiences: new Set([AUDIENCE]),
      typs: new Set(['at+jwt']),
      maxTokenLifetimeSeconds: Number.POSITIVE_INFINITY,
    });
  });

  test('ends no later than its key', async () => {
    const k = Buffer.from(LEGACY_KEY_HEX, 'hex').toString('base64url');
    const jwk = { kty: 'oct', alg: 'A256GCM', k };
    const ending = await createLegacyKey({ jwk: { ...jwk, exp: NOW + 60 } });
    const lasting = await createLegacyKey({ jwk: { ...jwk, exp: NOW + 100_000 } });
    expect(resolve({ ...LEGACY, key: ending })?.until).toBe(NOW + 60);
    expect(resolve({ ...LEGACY, key: lasting })?.until).toBe(LEGACY.until);
  });

  test('accepts a past `until`, so that a service still starts', () => {
    expect(resolve({ ...LEGACY, until: 1 })).toBeDefined();
  });

  test('is frozen', () => {
    const policy = resolve(LEGACY);
    expect([policy, policy?.header, policy?.claimsPolicy].map(Object.isFrozen)).toEqual([true, true, true]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['key', { key: undefined }],
    ['key', { key: createLegacyKey({ secret: LEGACY_KEY_HEX }) }],
    ['key', { key: { secret: LEGACY_KEY_HEX } }],
    ['issuer', { issuer: undefined }],
    ['issuer', { issuer: '' }],
    ['issuer', { issuer: [LEGACY_ISSUER] }],
    ['audience', { audience: undefined }],
    ['audience', { audience: [AUDIENCE] }],
    ['audience', { audience: 'https://elsewhere.example.com' }],
    ['type', { type: undefined }],
    ['type', { type: 'refresh' }],
    ['type', { type: 'delegation' }],
    ['type', { type: 'admin' }],
    ['until', { until: undefined }],
    ['until', { until: '2030-01-01T00:00:00Z' }],
    ['until', { until: new Date(NOW * 1000) }],
    ['until', { until: NOW * 1000 }],
    ['until', { until: Number.NaN }],
    ['until', { until: Number.POSITIVE_INFINITY }],
    ['tokens', { tokens: [] }],
  ])('rejects a wrong %s: %o', (named, change) => {
    expect(resolveWith(change)).toThrow(TypeError);
    expect(resolveWith(change)).toThrow(named);
  });

  test.each([[null], [[]], [true], ['key']])('rejects %j', (options) => {
    expect(() =>
      Reflect.apply(resolveLegacyPolicy, undefined, [options, resolveClaimsPolicy(CLAIMS)]),
    ).toThrow(
      new TypeError('createTokenVerifier: legacy must be an object, for example { key, issuer, audience }'),
    );
  });
});
