import { describe, expect, test } from '@jest/globals';
import { InvalidTokenError } from '../../../src/base/errors.js';
import type { JsonObject } from '../../../src/base/json.js';
import type { TokenRejection } from '../../../src/base/rejections.js';
import { type ClaimsOptions, resolveClaimsPolicy } from '../../../src/token/claims/claims-policy.js';
import { type AuthenticToken, validateClaimsSet } from '../../../src/token/claims/validate-claims-set.js';
import type { VerifiedToken } from '../../../src/token/claims/verified-token.js';
import { thrownBy } from '../../support/caught.js';
import { AUDIENCE, claimsOf, ISSUER, NOW } from '../../support/tokens.js';

interface Setting {
  readonly claims?: JsonObject;
  readonly header?: JsonObject;
  readonly key?: AuthenticToken['key'];
  readonly options?: Partial<ClaimsOptions>;
  readonly now?: number;
}

function validate(setting: Setting = {}): VerifiedToken {
  const { claims = claimsOf(), header = { typ: 'at+jwt' }, key = {}, options, now = NOW } = setting;
  const policy = resolveClaimsPolicy({ issuer: ISSUER, audience: AUDIENCE, ...options });
  return validateClaimsSet({ header, claims, key }, policy, now);
}

function refusalOf(setting: Setting): InvalidTokenError {
  const error = thrownBy(() => validate(setting));
  if (!(error instanceof InvalidTokenError)) throw error;
  return error;
}

function reasonFor(setting: Setting): TokenRejection {
  return refusalOf(setting).reason;
}

/** The reason, and the claim that it names. */
function faultOf(claims: JsonObject) {
  const { reason, detail } = refusalOf({ claims });
  return { reason, claim: detail.claim };
}

const reasonForClaims = (overrides: Record<string, unknown>) => reasonFor({ claims: claimsOf(overrides) });

describe('a valid token', () => {
  test('is verified with its claims, header and scope', () => {
    const token = validate({ header: { typ: 'at+jwt', kid: 'k1' } });
    expect(token.type).toBe('tiered_model_exec');
    expect(token.claims).toEqual(claimsOf());
    expect(token.header).toEqual({ typ: 'at+jwt', kid: 'k1' });
    expect(token.scope).toEqual(['read:documents', 'write:documents']);
  });

  test('needs no nbf', () => {
    expect(validate({ claims: claimsOf({ nbf: undefined }) }).claims.nbf).toBeUndefined();
  });
});

describe('times', () => {
  test.each([
    ['exp', NOW - 4, NOW],
    ['exp', NOW, NOW],
    ['nbf', NOW + 5, NOW],
    ['iat', NOW + 5, NOW],
    ['iat', NOW + 5.5, NOW + 0.5],
    ['exp', NOW - 4.5, NOW + 0.4],
  ])('%s %d is accepted at %d within the tolerance of 5 s', (name, value, now) => {
    expect(() => validate({ claims: claimsOf({ [name]: value }), now })).not.toThrow();
  });

  test.each([
    ['exp', NOW - 5, NOW, 'expired'],
    ['exp', NOW - 4.5, NOW + 0.5, 'expired'],
    ['nbf', NOW + 6, NOW, 'not_yet_valid'],
    ['nbf', NOW + 5, NOW - 0.5, 'not_yet_valid'],
    ['iat', NOW + 6, NOW, 'issued_in_future'],
  ])('%s %d is rejected at %d', (name, value, now, reason) => {
    const nbf = name === 'nbf' ? {} : { nbf: undefined };
    expect(reasonFor({ claims: claimsOf({ ...nbf, [name]: value }), now })).toBe(reason);
  });

  test.each([
    ['exp', NOW + 1],
    ['nbf', NOW],
    ['iat', NOW],
  ])('without tolerance %s %d is accepted to the second', (name, value) => {
    const options = { clockToleranceSeconds: 0 };
    expect(() => validate({ claims: claimsOf({ [name]: value }), options })).not.toThrow();
  });

  test.each([
    ['exp', NOW, 'expired'],
    ['nbf', NOW + 1, 'not_yet_valid'],
    ['iat', NOW + 1, 'issued_in_future'],
  ])('without tolerance %s %d is rejected to the second', (name, value, reason) => {
    const options = { clockToleranceSeconds: 0 };
    expect(reasonFor({ claims: claimsOf({ [name]: value }), options })).toBe(reason);
  });

  test.each([
    [NOW - 305, undefined],
    [NOW - 306, 'too_old'],
  ])('with a maximum age of 300 s and the tolerance, iat %d is rejected as %s', (iat, reason) => {
    const setting = { claims: claimsOf({ iat }), options: { maxTokenAgeSeconds: 300 } };
    if (reason === undefined) expect(() => validate(setting)).not.toThrow();
    else expect(reasonFor(setting)).toBe(reason);
  });

  test('a token of exactly the maximum lifetime is accepted, with any tolerance', () => {
    expect(() => validate({ claims: claimsOf({ exp: NOW + 86_400 }) })).not.toThrow();
    expect(reasonForClaims({ exp: NOW + 86_401 })).toBe('lifetime_too_long');
  });

  test('the maximum lifetime counts from iat, however young the token is', () => {
    const options = { maxTokenLifetimeSeconds: 600 };
    expect(reasonFor({ claims: claimsOf({ iat: NOW - 1 }), options })).toBe('lifetime_too_long');
    expect(() => validate({ options })).not.toThrow();
  });

  test('there is no maximum age unless one is set', () => {
    const claims = claimsOf({ iat: NOW - 86_400 + 600 });
    expect(() => validate({ claims })).not.toThrow();
  });
});

describe('dates', () => {
  const REFUSED = [
    ['a number beyond every number', '1e400'],
    ['milliseconds', String(NOW * 1000)],
    ['the first second of the year 10000', '253402300800'],
    ['a negative number', '-1'],
    ['a number as a string', JSON.stringify(String(NOW + 600))],
    ['an ISO date', '"2031-01-01T00:00:00Z"'],
    ['null', 'null'],
    ['a list', `[${NOW}]`],
    ['true', 'true'],
  ];

  describe.each(['exp', 'nbf', 'iat'])('%s', (name) => {
    test.each(REFUSED)('is rejected as %s: %s', (_, json) => {
      const claims = { ...claimsOf(), ...JSON.parse(`{"${name}":${json}}`) };
      expect(faultOf(claims)).toEqual({ reason: 'claim_malformed', claim: name });
    });
  });

  test('the last second of the year 9999 is a date', () => {
    const claims = claimsOf({ exp: 253_402_300_799 });
    expect(() => validate({ claims, options: { maxTokenLifetimeSeconds: 1e12 } })).not.toThrow();
  });
});

describe('identities', () => {
  test.each(['iss', 'aud', 'exp', 'iat', 'jti'])('a token without %s is rejected', (name) => {
    expect(reasonForClaims({ [name]: undefined })).toBe('claim_missing');
  });

  describe.each(['iss', 'sub', 'jti', 'client_id', 'type', 'session_id'])('%s', (name) => {
    test.each([[['demo']], [{ id: 'demo' }], [1], [true], [null], ['']])('is rejected as %j', (value) => {
      expect(faultOf(claimsOf({ [name]: value }))).toEqual({ reason: 'claim_malformed', claim: name });
    });
  });

  test.each([
    [{ [AUDIENCE]: true }],
    [[]],
    [''],
    [[AUDIENCE, 1]],
    [[AUDIENCE, '']],
    [[[AUDIENCE]]],
    [1],
    [null],
  ])('aud is rejected as %j', (aud) => {
    expect(faultOf(claimsOf({ aud }))).toEqual({ reason: 'claim_malformed', claim: 'aud' });
  });
});

describe('issuer', () => {
  test.each(['https://auth.example.org', `${ISSUER}/`, ISSUER.toUpperCase(), 'auth.example.com'])(
    '%s is another issuer',
    (iss) => {
      expect(reasonForClaims({ iss })).toBe('wrong_issuer');
    },
  );

  test.each([ISSUER, 'https://other.example.com'])('%s is one of several that are accepted', (iss) => {
    const options = { issuer: [ISSUER, 'https://other.example.com'] };
    expect(validate({ claims: claimsOf({ iss }), options }).claims.iss).toBe(iss);
  });
});

describe('audience', () => {
  const OTHER = 'https://other.example.com';

  test.each([[AUDIENCE], [[AUDIENCE]]])('%j contains an accepted audience', (aud) => {
    expect(validate({ claims: claimsOf({ aud }) }).claims.aud).toEqual(aud);
  });

  test('audiences that are not accepted here are hidden from handlers and guards', () => {
    const { claims } = validate({ claims: claimsOf({ aud: [OTHER, AUDIENCE] }) });
    expect(claims.aud).toEqual([AUDIENCE]);
    expect(Object.isFrozen(claims) && Object.isFrozen(claims.aud)).toBe(true);
  });

  test.each([[OTHER], [[OTHER]], [`${AUDIENCE}/`], [`${AUDIENCE} ${OTHER}`]])(
    '%j contains no accepted audience',
    (aud) => {
      expect(reasonForClaims({ aud })).toBe('wrong_audience');
    },
  );

  test.each([[AUDIENCE], [OTHER], [[OTHER, 'https://third.example.com']]])(
    '%j holds one of several that are accepted',
    (aud) => {
      expect(() =>
        validate({ claims: claimsOf({ aud }), options: { audience: [AUDIENCE, OTHER] } }),
      ).not.toThrow();
    },
  );

  test('a token under the key of its audience is accepted', () => {
    expect(() => validate({ key: { audience: AUDIENCE } })).not.toThrow();
  });

  test('a token for one accepted audience under the key of another one is rejected', () => {
    expect(reasonFor({ key: { audience: OTHER }, options: { audience: [AUDIENCE, OTHER] } })).toBe(
      'wrong_audience',
    );
  });

  test.each([[[AUDIENCE, OTHER]], [[OTHER, AUDIENCE]], [[AUDIENCE, AUDIENCE]]])(
    'a token for %j is rejected under the key of one audience, though all of them are accepted',
    (aud) => {
      const setting = { key: { audience: AUDIENCE }, options: { audience: [AUDIENCE, OTHER] } };
      expect(reasonFor({ ...setting, claims: claimsOf({ aud }) })).toBe('wrong_audience');
      expect(() => validate({ ...setting, claims: claimsOf({ aud: [AUDIENCE] }) })).not.toThrow();
    },
  );

  test('a token under the key of an audience that is not accepted is rejected even if it lists that one too', () => {
    expect(reasonFor({ key: { audience: OTHER }, claims: claimsOf({ aud: [AUDIENCE, OTHER] }) })).toBe(
      'wrong_audience',
    );
  });
});

describe('typ', () => {
  test.each(['at+jwt', 'AT+JWT', 'application/at+jwt', 'APPLICATION/At+Jwt'])(
    '%s is an access token',
    (typ) => {
      expect(() => validate({ header: { typ } })).not.toThrow();
    },
  );

  test.each([
    ['JWT'],
    ['at+jwtx'],
    ['x/at+jwt'],
    ['application/x/at+jwt'],
    [' at+jwt'],
    [''],
    [1],
    [null],
    [['at+jwt']],
  ])('%j is another kind of token', (typ) => {
    expect(reasonFor({ header: { typ } })).toBe('wrong_typ');
  });

  test('a token without typ is rejected', () => {
    expect(reasonFor({ header: {} })).toBe('wrong_typ');
  });

  test.each(['rt+jwt', 'RT+JWT', 'application/rt+jwt'])('%s is a refresh token', (typ) => {
    expect(reasonFor({ header: { typ } })).toBe('refresh_token');
  });

  test.each(['jwt', 'JWT', 'application/jwt'])('%s is accepted if the policy lists it', (typ) => {
    expect(() => validate({ header: { typ }, options: { typ: ['JWT', 'at+jwt'] } })).not.toThrow();
  });

  test('at+jwt is rejected if the policy lists only another typ', () => {
    expect(reasonFor({ options: { typ: 'JWT' } })).toBe('wrong_typ');
  });
});

describe('type', () => {
  test('refresh is rejected with any typ', () => {
    expect(reasonForClaims({ type: 'refresh' })).toBe('refresh_token');
  });

  test.each(['admin', 'foreign', 'Service', 'constructor', '__proto__'])('%s is unknown', (type) => {
    expect(reasonForClaims({ type })).toBe('unknown_type');
  });

  test('that is absent makes a token foreign, which needs neither sub nor client_id', () => {
    const claims = claimsOf({
      type: undefined,
      sub: undefined,
      client_id: undefined,
      rate_limits: undefined,
    });
    expect(validate({ claims }).type).toBe('foreign');
  });
});

describe('required claims', () => {
  test('a token that has them is accepted', () => {
    const claims = claimsOf({ tenant: 'acme', level: 0 });
    expect(() => validate({ claims, options: { requiredClaims: ['tenant', 'level'] } })).not.toThrow();
  });

  test.each(['tenant', 'toString', 'constructor'])('a token that lacks %s is rejected', (name) => {
    expect(reasonFor({ options: { requiredClaims: ['sub', name] } })).toBe('claim_missing');
  });
});

describe('cnf', () => {
  test.each([[{ jkt: 'abc' }], [{}]])('a token with cnf %j is not a bearer token', (cnf) => {
    expect(reasonForClaims({ cnf })).toBe('key_bound');
  });

  test.each([[null], ['']])('a token whose cnf is %j is malformed', (cnf) => {
    expect(reasonForClaims({ cnf })).toBe('claim_malformed');
  });
});

describe('scope', () => {
  test('is the only claim that grants scope', () => {
    const elsewhere = ['admin'];
    const claims = claimsOf({ scope: undefined, permissions: elsewhere, scopes: elsewhere, scp: elsewhere });
    const token = validate({ claims });
    expect(token.scope).toEqual([]);
    expect(token.hasScope('admin')).toBe(false);
  });

  test('is compared by whole tokens', () => {
    const token = validate({ claims: claimsOf({ scope: 'read:documents-all xread:documents' }) });
    expect(token.hasScope('read:documents-all')).toBe(true);
    expect(token.hasScope('read:documents')).toBe(false);
    expect(token.hasScope('read:documents-all xread:documents')).toBe(false);
    expect(token.hasScope('')).toBe(false);
  });

  test('may be empty', () => {
    expect(validate({ claims: claimsOf({ scope: '' }) }).scope).toEqual([]);
  });

  test.each([
    [['read:documents']],
    ['read  write'],
    [' read'],
    ['read '],
    ['read\twrite'],
    ['"read"'],
    ['é'],
    [1],
    [null],
  ])('is rejected as %j', (scope) => {
    expect(faultOf(claimsOf({ scope }))).toEqual({ reason: 'claim_malformed', claim: 'scope' });
  });
});

describe('scope of other issuers', () => {
  const foreign = (overrides: Record<string, unknown>) =>
    claimsOf({ type: undefined, scope: undefined, permissions: undefined, ...overrides });

  test.each([
    ['scp', ['read', 'write']],
    ['scp', 'read write'],
    ['scopes', ['read', 'write']],
    ['permissions', ['read', 'write', 'read']],
  ])('is read from %s as %j if the policy names that claim', (scopeClaim, value) => {
    const token = validate({ claims: foreign({ [scopeClaim]: value }), options: { scopeClaim } });
    expect(token.scope).toEqual(['read', 'write']);
  });

  test.each([[1], [{ read: true }], [['read write']], [['read', 1]], [null], ['read  write']])(
    'is rejected as %j',
    (scp) => {
      expect(reasonFor({ claims: foreign({ scp }), options: { scopeClaim: 'scp' } })).toBe('claim_malformed');
    },
  );

  test('may also be in scope, in another order', () => {
    const claims = foreign({ scp: ['read', 'write'], scope: 'write read' });
    expect(validate({ claims, options: { scopeClaim: 'scp' } }).scope).toEqual(['read', 'write']);
  });

  test('is malformed if scope is malformed', () => {
    const claims = foreign({ scp: ['read', 'write'], scope: 'read  write' });
    expect(reasonFor({ claims, options: { scopeClaim: 'scp' } })).toBe('claim_malformed');
  });

  test('is that of scope if the named claim is absent, as in tokens of a home issuer', () => {
    expect(validate({ claims: foreign({ scope: 'read' }), options: { scopeClaim: 'scp' } }).scope).toEqual([
      'read',
    ]);
  });

  test.each(['read', 'read write admin', 'read admin', ''])('is rejected if scope is %j instead', (scope) => {
    const claims = foreign({ scp: ['read', 'write'], scope });
    expect(reasonFor({ claims, options: { scopeClaim: 'scp' } })).toBe('scope_conflict');
  });

  test('claims that the policy does not name are ignored', () => {
    const claims = foreign({ scp: ['read'], scopes: ['admin'], permissions: ['admin'] });
    expect(validate({ claims, options: { scopeClaim: 'scp' } }).scope).toEqual(['read']);
  });
});

describe('the message of a rejection', () => {
  test('states that a token expired', () => {
    expect(refusalOf({ claims: claimsOf({ exp: NOW - 60 }) }).message).toBe('The access token expired');
  });

  test.each<[string, Setting]>([
    ['not yet valid', { claims: claimsOf({ nbf: NOW + 60 }) }],
    ['issued in the future', { claims: claimsOf({ iat: NOW + 60 }) }],
    ['too old', { options: { maxTokenAgeSeconds: 1 }, now: NOW + 60 }],
    ['of a wrong issuer', { claims: claimsOf({ iss: 'https://evil.example.com' }) }],
    ['for a wrong audience', { claims: claimsOf({ aud: 'https://evil.example.com' }) }],
    ['of a wrong typ', { header: { typ: 'JWT' } }],
    ['a refresh token', { header: { typ: 'rt+jwt' } }],
    ['of an unknown type', { claims: claimsOf({ type: 'evil' }) }],
    ['bound to a key', { claims: claimsOf({ cnf: {} }) }],
    ['without a claim', { claims: claimsOf({ jti: undefined }) }],
    ['with a malformed claim', { claims: claimsOf({ exp: 'evil' }) }],
  ])('does not state that a token is %s', (_, setting) => {
    expect(refusalOf(setting)).toMatchObject({
      message: 'The access token is not valid',
      error: 'invalid_token',
      status: 401,
    });
  });
});

describe('order', () => {
  test.each<[string, Setting, TokenRejection]>([
    ['issuer', { claims: claimsOf({ exp: 1, iss: 'https://evil.example.com' }) }, 'wrong_issuer'],
    ['audience', { claims: claimsOf({ exp: 1, aud: 'https://evil.example.com' }) }, 'wrong_audience'],
    ['typ', { claims: claimsOf({ exp: 1 }), header: { typ: 'JWT' } }, 'wrong_typ'],
    [
      'key',
      { claims: claimsOf({ exp: 1 }), key: { audience: 'https://evil.example.com' } },
      'wrong_audience',
    ],
    ['type', { claims: claimsOf({ exp: 1, type: 'refresh' }) }, 'refresh_token'],
  ])('an expired token with a wrong %s is not reported as expired', (_, setting, reason) => {
    const refusal = refusalOf(setting);
    expect(refusal.reason).toBe(reason);
    expect(refusal.message).not.toContain('expired');
  });
});
