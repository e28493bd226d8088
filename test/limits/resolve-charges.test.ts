import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { buildStep } from '../../src/limits/build-step.js';
import { resolveCharges } from '../../src/limits/resolve-charges.js';
import { resolveClaimsPolicy } from '../../src/token/claims/claims-policy.js';
import { narrowByType } from '../../src/token/claims/token-types.js';
import { validateClaimsSet } from '../../src/token/claims/validate-claims-set.js';
import type { VerifiedToken } from '../../src/token/claims/verified-token.js';
import { apiKeyOf } from '../support/api-key-files.js';
import { AUDIENCE, claimsOf, ISSUER, NOW } from '../support/tokens.js';

const LIMITS = { requests_per_minute: 7, tokens_per_minute: 8, requests_per_hour: 9, concurrent_requests: 1 };
const DEFAULTS = {
  requests_per_minute: 1,
  tokens_per_minute: 2,
  requests_per_hour: 3,
  concurrent_requests: 4,
};
const PER_USER = { requests_per_minute: 2 };

function tokenOf(claims: Record<string, unknown>): VerifiedToken {
  const token = { header: { typ: 'at+jwt' }, claims: claimsOf(claims), key: {} };
  return validateClaimsSet(token, resolveClaimsPolicy({ issuer: ISSUER, audience: AUDIENCE }), NOW);
}

function chargesOf(claims: Record<string, unknown>, keys: readonly Record<string, unknown>[] = []) {
  const apiKeys = keys.map((fields) => apiKeyOf(fields));
  const findKey = (keyId: string) => apiKeys.find((apiKey) => apiKey.keyId === keyId);
  return resolveCharges(tokenOf(claims), { findKey, defaultLimits: DEFAULTS });
}

const KEY = { bucket: 'key\u0000demo', prefix: '' };
const limited = (overrides: object = {}) => ({
  rate_limits: { requests_per_minute: '70', ...overrides },
});

describe('a request is charged to', () => {
  test('its API key, by the current limits rather than those in the token', () => {
    expect(chargesOf({ rate_limits: LIMITS }, [limited()])).toMatchObject([
      { ...KEY, limits: { requests_per_minute: 70 } },
    ]);
  });

  test('its API key by the limits in the token, if the key is not configured', () => {
    expect(chargesOf({ rate_limits: LIMITS })).toMatchObject([{ ...KEY, limits: LIMITS }]);
  });

  test('its API key by the defaults, if neither has limits', () => {
    const service = { type: 'service', rate_limits: undefined, allowed_models: undefined };

    expect(chargesOf(service)).toMatchObject([{ ...KEY, limits: DEFAULTS }]);
  });

  test('its user too, if the key has limits per user', () => {
    expect(chargesOf({ sub: 'alice', rate_limits: { ...LIMITS, per_user: PER_USER } })).toMatchObject([
      KEY,
      { bucket: 'user\u0000demo\u0000alice', prefix: 'user_', limits: PER_USER, userOf: 'demo' },
    ]);
  });

  test('no user, if the API key is the subject', () => {
    expect(chargesOf({ sub: 'demo', rate_limits: { ...LIMITS, per_user: PER_USER } })).toHaveLength(1);
  });

  test('one bucket for all tokens of a key', () => {
    const [one] = chargesOf({ jti: 'a', session_id: 's' });
    const [other] = chargesOf({ jti: 'b', scope: 'read:documents', permissions: [] });

    expect(one?.bucket).toBe(other?.bucket);
  });

  test('its subject, for a foreign token without client_id', () => {
    const foreign = { type: undefined, client_id: undefined, sub: 'x' };

    expect(chargesOf(foreign)).toMatchObject([{ bucket: `foreign\u0000${ISSUER}\u0000x`, limits: DEFAULTS }]);
    expect(chargesOf(foreign)[0]?.userOf).toBe(`foreign\u0000${ISSUER}`);
  });

  test('the key and the user of the subject too, if it is delegated, and never its actor', () => {
    const entry = { jti: 'j', iat: NOW };
    const lineage = [
      { ...entry, client_id: 'app', sub: 'alice' },
      { ...entry, client_id: 'gateway' },
      { ...entry, client_id: 'agents', sub: 'bob', is_actor: true },
    ];
    const delegation = {
      type: 'delegation',
      delegator: 'alice',
      delegated_to: 'demo',
      act: { sub: 'demo' },
      expires_at: NOW + 600,
      sub: 'alice',
      lineage,
      rate_limits: undefined,
    };
    const app = { key_id: 'app', ...limited({ per_user: { requests_per_minute: '2' } }) };

    expect(chargesOf(delegation, [app])).toMatchObject([
      { bucket: 'key\u0000demo', prefix: '', limits: DEFAULTS },
      { bucket: 'key\u0000app', prefix: 'subject_', limits: { requests_per_minute: 70 } },
      { bucket: 'user\u0000app\u0000alice', prefix: 'subject_user_', limits: PER_USER },
      { bucket: 'key\u0000gateway', prefix: 'subject_', limits: DEFAULTS },
    ]);
  });

  test('its key, and the keys and user in its lineage, by the limits in the token if no key is configured', () => {
    const entry = { jti: 'j', iat: NOW };
    const perUser = { ...LIMITS, per_user: PER_USER };
    const delegation = {
      ...{ type: 'delegation', delegator: 'alice', delegated_to: 'demo', act: { sub: 'demo' }, sub: 'alice' },
      ...{ expires_at: NOW + 600, rate_limits: LIMITS },
      lineage: [{ ...entry, client_id: 'app', sub: 'alice', rate_limits: perUser }],
    };

    expect(chargesOf(delegation)).toMatchObject([
      { bucket: 'key\u0000demo', limits: LIMITS },
      { bucket: 'key\u0000app', limits: perUser },
      { bucket: 'user\u0000app\u0000alice', limits: PER_USER },
    ]);
  });
});

describe('a delegation whose lineage repeats a key is charged to', () => {
  const ancestor = (clientId: string, sub?: string) => ({ jti: 'j', iat: NOW, client_id: clientId, sub });
  /** A token that the key `demo` holds on behalf of alice. */
  const delegated = (lineage: readonly object[]) => ({
    type: 'delegation',
    delegator: 'alice',
    delegated_to: 'demo',
    act: { sub: 'demo' },
    expires_at: NOW + 600,
    sub: 'alice',
    lineage: JSON.parse(JSON.stringify(lineage)),
  });
  const perUser = limited({ per_user: { requests_per_minute: '2' } });
  const KEYS = [perUser, { key_id: 'gateway', ...perUser }];
  const keyBucket = { ...KEY, limits: { requests_per_minute: 70 } };
  const userBucket = (user: string) => ({
    bucket: `user\u0000demo\u0000${user}`,
    prefix: 'subject_user_',
    limits: PER_USER,
    userOf: 'demo',
  });

  test('the user of a key that exchanges its own token, and to the key once', () => {
    expect(chargesOf(delegated([ancestor('demo', 'alice')]), KEYS)).toMatchObject([
      keyBucket,
      userBucket('alice'),
    ]);
  });

  test('the user of a key that gets the token back from another key', () => {
    const lineage = [ancestor('demo', 'alice'), ancestor('gateway')];

    expect(chargesOf(delegated(lineage), KEYS)).toMatchObject([
      keyBucket,
      userBucket('alice'),
      { bucket: 'key\u0000gateway', prefix: 'subject_', limits: { requests_per_minute: 70 } },
    ]);
  });

  test('the user of a key in the middle of the lineage that appears there twice', () => {
    const lineage = [ancestor('gateway', 'alice'), ancestor('gateway')];

    expect(chargesOf(delegated(lineage), KEYS)).toMatchObject([
      keyBucket,
      { bucket: 'key\u0000gateway', prefix: 'subject_' },
      { bucket: 'user\u0000gateway\u0000alice', prefix: 'subject_user_' },
    ]);
  });

  test('each of two users of the key', () => {
    const lineage = [ancestor('demo', 'alice'), ancestor('demo', 'bob')];

    expect(chargesOf(delegated(lineage), KEYS)).toMatchObject([
      keyBucket,
      userBucket('alice'),
      userBucket('bob'),
    ]);
  });

  test('no user of a key between the subject and the holder', () => {
    const lineage = [ancestor('app', 'alice'), ancestor('gateway')];
    const buckets = chargesOf(delegated(lineage), KEYS).map(({ bucket }) => bucket);

    expect(buckets).toEqual(['key\u0000demo', 'key\u0000app', 'key\u0000gateway']);
  });

  test('no user of the key that only acts', () => {
    const lineage = [ancestor('gateway', 'gateway'), { ...ancestor('demo', 'alice'), is_actor: true }];
    const buckets = chargesOf(delegated(lineage), KEYS).map(({ bucket }) => bucket);

    expect(buckets).toEqual(['key\u0000demo', 'key\u0000gateway']);
  });

  test('no bucket twice in one admission step, for any lineage', () => {
    const entry = fc
      .tuple(fc.constantFrom('demo', 'gateway', 'app'), fc.constantFrom('alice', 'bob', 'demo', undefined))
      .map(([clientId, sub]) => ancestor(clientId, sub));
    const terms = { leaseSeconds: 15, maxUsersPerKey: 10, share: 1 };

    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 8 }), (lineage) => {
        const charges = chargesOf(delegated(lineage), KEYS);
        const names = buildStep(charges, {}, terms).buckets.map(({ name }) => name);
        const users = lineage.filter(({ sub, client_id }) => sub !== undefined && sub !== client_id);
        const wanted = users.filter(({ client_id }) => client_id !== 'app');

        expect(new Set(names).size).toBe(names.length);
        expect(names).toEqual(
          expect.arrayContaining(wanted.map(({ client_id, sub }) => ['user', client_id, sub].join('\u0000'))),
        );
      }),
      { numRuns: 300 },
    );
  });
});

test('a token whose limits are not numbers is malformed', () => {
  for (const extra of [
    { tokens_per_month: '1' },
    { per_user: [] },
    { per_user: { requests_per_hour: '1' } },
  ]) {
    const claims = claimsOf({ rate_limits: { ...LIMITS, ...extra } });

    expect(() =>
      narrowByType({ ...claims, iss: '', aud: '', exp: 1, iat: 1, jti: '', type: 'api_call' }, {}, []),
    ).toThrow();
  }
});
