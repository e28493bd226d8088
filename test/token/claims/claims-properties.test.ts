import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { InvalidTokenError } from '../../../src/base/errors.js';
import { isJsonObject, type JsonObject } from '../../../src/base/json.js';
import { buildClaimsSet, copyCustomClaims } from '../../../src/token/claims/build-claims-set.js';
import { resolveClaimsPolicy } from '../../../src/token/claims/claims-policy.js';
import { RESERVED_CLAIMS } from '../../../src/token/claims/claims-set.js';
import { validateClaimsSet } from '../../../src/token/claims/validate-claims-set.js';
import type { VerifiedToken } from '../../../src/token/claims/verified-token.js';
import { AUDIENCE, claimsOf, ISSUER, NOW } from '../../support/tokens.js';
import { type Showing, scopeByModel } from './claims-model.js';

const SEED = 71_003;
const OTHER = 'https://other.example.com';

/** The token; `undefined` where it is refused as one. Anything else that is thrown fails the test. */
function validate(showing: Showing): VerifiedToken | undefined {
  const { typ, claims, keyAudience, maxAgeSeconds, now } = showing;
  const policy = resolveClaimsPolicy({
    ...{ issuer: showing.issuers, audience: showing.audiences, requiredClaims: showing.requiredClaims },
    ...{ clockToleranceSeconds: showing.toleranceSeconds, scopeClaim: showing.scopeClaim },
    ...(maxAgeSeconds === undefined ? {} : { maxTokenAgeSeconds: maxAgeSeconds }),
  });
  const header = typ === undefined ? {} : { typ };
  const key = keyAudience === undefined ? {} : { audience: keyAudience };
  try {
    return validateClaimsSet({ header, claims, key }, policy, now);
  } catch (error) {
    if (error instanceof InvalidTokenError) return undefined;
    throw error;
  }
}

function asJson(value: object): JsonObject {
  const parsed: unknown = JSON.parse(JSON.stringify(value));
  if (!isJsonObject(parsed)) throw new Error('No object came out');
  return parsed;
}

const { rate_limits: LIMITS = {} } = claimsOf();
const ANCESTOR = { jti: 'j', client_id: 'demo', sub: 'demo', iat: NOW };

/** What each type promises beside the claims of all. */
const PROMISES = {
  tiered_model_exec: { allowed_models: ['echo-1'], rate_limits: LIMITS },
  function_call: { allowed_functions: ['add'], rate_limits: LIMITS },
  api_call: { allowed_endpoints: ['GET /reports'], rate_limits: LIMITS },
  service: {},
  delegation: { delegator: 'demo', delegated_to: 'agent', act: { sub: 'agent' }, lineage: [ANCESTOR] },
} as const;

const TYPES: readonly JsonObject[] = [
  ...Object.entries(PROMISES).map(([type, promised]) => ({ type, ...promised, expires_at: NOW + 600 })),
  {},
];

const date = fc.oneof(
  fc.integer({ min: NOW - 20, max: NOW + 20 }),
  fc.double({ min: NOW - 20, max: NOW + 20, noNaN: true }),
  fc.constantFrom(0, -1, 253_402_300_799, 253_402_300_800, NOW * 1000, NOW + 0.5, String(NOW)),
);
const scope = fc.constantFrom('read', 'read write', 'write read', '', 'read  write', ' read', 'read\n', '"');
const lists = fc.constantFrom(['read'], ['write', 'read'], ['read write'], [], [1], [['read']]);
const limits = fc.constantFrom(
  ...[{ per_user: {} }, { per_user: { requests_per_hour: 1 } }, { per_user: { requests_per_hour: '1' } }],
  ...[{ per_user: [] }, { tokens_per_month: 5 }, { tokens_per_month: null }, { concurrent_requests: '5' }],
);
const ancestors = fc.constantFrom(
  ...[[], [{}], [ANCESTOR, ANCESTOR], [{ ...ANCESTOR, iat: '1' }], [{ ...ANCESTOR, is_actor: true }]],
  ...[[{ ...ANCESTOR, is_actor: false }], [{ ...ANCESTOR, kid: 1 }], [{ ...ANCESTOR, sub: null }], [[]]],
);

/** Values that a claim may well have, or that come close to it. */
const LIKELY = new Map<string, fc.Arbitrary<unknown>>(
  Object.entries({
    iss: fc.constantFrom(ISSUER, OTHER, ISSUER.toUpperCase(), [ISSUER], ''),
    aud: fc.constantFrom(
      AUDIENCE,
      OTHER,
      [AUDIENCE, OTHER],
      [OTHER],
      [AUDIENCE, ''],
      [],
      [AUDIENCE, 'x'],
      '',
    ),
    ...{ exp: date, iat: date, nbf: date, scope, scp: fc.oneof(scope, lists), permissions: lists },
    ...Object.fromEntries(
      ['jti', 'sub', 'client_id', 'session_id', 'api_key_name', 'delegator'].map((name) => [
        name,
        fc.constantFrom('demo', '', [], 1),
      ]),
    ),
    type: fc.constantFrom('service', 'refresh', 'foreign', 'api_call', 'constructor', ''),
    rate_limits: limits.map((some) => ({ ...Object(LIMITS), ...some })),
    ...{ allowed_models: lists, allowed_functions: lists, allowed_endpoints: lists, lineage: ancestors },
    metadata: fc.constantFrom({}, { a: 1 }, []),
  }),
);

const NOT_LIKELY = ['cnf', '__proto__', 'act', 'expires_at', 'tenant', 'delegated_to'];

/** A token of some type with up to three claims that have other values, or are not there. */
const anyClaims = fc
  .tuple(
    fc.constantFrom(...TYPES),
    fc
      .array(fc.constantFrom(...LIKELY.keys(), ...NOT_LIKELY), { maxLength: 3 })
      .chain((names) =>
        fc.tuple(
          ...names.map((name) =>
            fc
              .oneof(
                { weight: 6, arbitrary: LIKELY.get(name) ?? fc.jsonValue() },
                { weight: 1, arbitrary: fc.jsonValue() },
                { weight: 1, arbitrary: fc.constant(undefined) },
              )
              .map((value): [string, unknown] => [name, value]),
          ),
        ),
      ),
  )
  .map(([claims, changes]) => {
    const base = claimsOf({ type: undefined, allowed_models: undefined, rate_limits: undefined, ...claims });
    return asJson(Object.fromEntries([...Object.entries(base), ...changes]));
  });

const showings: fc.Arbitrary<Showing> = fc.record({
  typ: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('at+jwt', 'AT+JWT', 'application/at+jwt') },
    { weight: 1, arbitrary: fc.constantFrom('rt+jwt', 'JWT', 'at+jwt ', 'x/at+jwt', undefined, 1, null) },
  ),
  claims: anyClaims,
  keyAudience: fc.constantFrom(undefined, undefined, undefined, AUDIENCE, AUDIENCE, AUDIENCE, OTHER),
  issuers: fc.constantFrom([ISSUER], [ISSUER, OTHER]),
  audiences: fc.constantFrom([AUDIENCE], [AUDIENCE, OTHER]),
  toleranceSeconds: fc.constantFrom(0, 5, 60),
  maxAgeSeconds: fc.constantFrom(undefined, undefined, undefined, 1, 300),
  requiredClaims: fc.constantFrom(
    [],
    [],
    [],
    [],
    [],
    ['sub'],
    ['session_id', 'nbf'],
    ['constructor'],
    ['__proto__'],
  ),
  scopeClaim: fc.constantFrom('scope', 'scope', 'scp', 'permissions'),
  now: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: NOW - 6, max: NOW + 10 }) },
    { weight: 6, arbitrary: fc.double({ min: NOW, max: NOW + 10, noNaN: true }) },
    { weight: 1, arbitrary: fc.constantFrom(Number.NaN, 0, NOW * 1000) },
  ),
});

describe('any claims set', () => {
  test('is accepted with its scope if and only if it obeys every rule', () => {
    const counts = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(showings, (showing) => {
        const expected = scopeByModel(showing);
        const token = validate(showing);
        expect(token && new Set(token.scope)).toEqual(expected);
        counts[token === undefined ? 'refused' : 'accepted'] += 1;
      }),
      { seed: SEED, numRuns: 3000 },
    );
    expect(Math.min(counts.accepted, counts.refused)).toBeGreaterThan(500);
  });

  test('that is arbitrary JSON is rejected as a token, without other effects', () => {
    const anyJson = fc.dictionary(fc.string(), fc.jsonValue()).map(asJson);
    fc.assert(
      fc.property(showings, anyJson, (showing, claims) => {
        expect(validate({ ...showing, claims })).toBeUndefined();
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});

const BUILT = ['tiered_model_exec', 'function_call', 'api_call', 'service', 'delegation'] as const;

describe('a claims set that was built here', () => {
  const name = fc.string({ minLength: 1, maxLength: 30, unit: 'binary' });
  const scopes = fc.uniqueArray(fc.stringMatching(/^[!#-[\]-~]{1,20}$/), { maxLength: 6 });
  const custom = fc
    .dictionary(
      fc.string().filter((claim) => !RESERVED_CLAIMS.has(claim)),
      fc.jsonValue({ maxDepth: 3 }),
      { noNullPrototype: true },
    )
    .map(copyCustomClaims);

  test('is valid until it expires, and contains the requested claims', () => {
    fc.assert(
      fc.property(
        ...[name, name, scopes, custom, fc.constantFrom(...BUILT)],
        fc.double({ min: 1, max: 4_000_000_000, noNaN: true }),
        fc.double({ min: 1, max: 86_400, noNaN: true }),
        (subject, clientId, scope, added, type, builtAt, lifetimeSeconds) => {
          const promised = PROMISES[type];
          const claims = asJson(
            buildClaimsSet(
              {
                ...{ type, audience: AUDIENCE, subject, clientId, scope, lifetimeSeconds },
                sessionId: undefined,
                claims: { ...added, ...promised },
              },
              { issuer: ISSUER, now: builtAt },
            ),
          );
          const showing = {
            ...{ typ: 'at+jwt', claims, keyAudience: AUDIENCE, issuers: [ISSUER], audiences: [AUDIENCE] },
            ...{ toleranceSeconds: 0, maxAgeSeconds: undefined, requiredClaims: [], scopeClaim: 'scope' },
          };
          const end = Math.floor(Math.floor(builtAt) + lifetimeSeconds);
          for (const now of [builtAt, (builtAt + end) / 2, end - 0.001].filter((each) => each < end)) {
            const token = validate({ ...showing, now });
            expect(token?.scope).toEqual(scope);
            const expiresAt = type === 'delegation' ? { expires_at: end } : {};
            const identity = { type, sub: subject, client_id: clientId };
            expect(token?.claims).toMatchObject({ ...added, ...promised, ...identity, ...expiresAt });
          }
          expect(validate({ ...showing, now: end })).toBeUndefined();
        },
      ),
      { seed: SEED, numRuns: 400 },
    );
  });
});
