import { describe, expect, test } from '@jest/globals';
import type { ClientTokenRequest, TokenIssuerOptions, TokenVerifierOptions } from 'passport-jwe';
import {
  InvalidRequestError,
  InvalidTokenError,
  type PassportJweError,
  RateLimitExceededError,
  TemporarilyUnavailableError,
} from '../../src/base/errors.js';
import type { JsonObject } from '../../src/base/json.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { VerifiedToken } from '../../src/token/claims/verified-token.js';
import { createAuditRecorder, createBrokenAudit } from '../support/audit-recorder.js';
import { rejectionOf } from '../support/caught.js';
import { isDeeplyFrozen } from '../support/deeply-frozen.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import { keyRingWith } from '../support/key-ring-with.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const KEY_RING = await createRing();
const OTHER = 'https://other.example.com';

const RATE_LIMITS = {
  requests_per_minute: 60,
  tokens_per_minute: 10_000,
  requests_per_hour: 1000,
  concurrent_requests: 5,
};

const REQUEST: ClientTokenRequest = {
  type: 'tiered_model_exec',
  audience: AUDIENCE,
  subject: 'alice',
  clientId: 'demo',
  scope: ['read:documents'],
  lifetime: 600,
  claims: { api_key_name: 'Demo key', metadata: {}, allowed_models: ['echo-1'], rate_limits: RATE_LIMITS },
};

const serviceOf = (options: Partial<Omit<TokenIssuerOptions, 'audience'> & TokenVerifierOptions> = {}) =>
  createIssuerAndVerifier({ keyRing: KEY_RING, issuer: ISSUER, audience: AUDIENCE, clock, ...options });

describe('createIssuerAndVerifier', () => {
  test.each([
    [{ keyRing: {} }, 'keyRing'],
    [{ keyRing: null }, 'keyRing'],
    [{ issuer: null }, 'issuer'],
    [{ issuer: '' }, 'issuer'],
    [{ audience: null }, 'audience'],
    [{ audience: [] }, 'audience'],
    [{ maxTokenLength: 0 }, 'maxTokenLength'],
    [{ maxTokenLength: 1.5 }, 'maxTokenLength'],
    [{ maxTokenLength: '8192' }, 'maxTokenLength'],
    [{ clockToleranceSeconds: 61 }, 'clockToleranceSeconds'],
    [{ clock: 5 }, 'clock'],
    [{ typ: 'rt+jwt' }, 'typ'],
  ])('rejects %j', (options, named) => {
    const create = () => serviceOf(untyped(options));
    expect(create).toThrow(TypeError);
    expect(create).toThrow(named);
  });
});

describe('issue, then verify', () => {
  test('yields the claims that were issued, deeply frozen', async () => {
    const service = serviceOf();
    const issued = await service.issue(REQUEST);
    const verified = await service.verify(issued.token);
    expect(verified).toMatchObject({
      type: 'tiered_model_exec',
      claims: issued.claims,
      scope: ['read:documents'],
    });
    expect(verified.hasScope('read:documents')).toBe(true);
    expect([verified, verified.claims, verified.header, verified.scope].map(isDeeplyFrozen)).not.toContain(
      false,
    );
    expect(issued.expiresInSeconds).toBe(600);
  });

  test.each<[ClientTokenRequest['type'], JsonObject]>([
    ['function_call', { allowed_functions: ['add'], rate_limits: RATE_LIMITS }],
    ['api_call', { allowed_endpoints: ['GET /'], rate_limits: RATE_LIMITS }],
    ['service', {}],
    [
      'delegation',
      {
        delegator: 'alice',
        delegated_to: 'agent',
        act: { sub: 'agent' },
        lineage: [{ jti: 'j1', client_id: 'demo', sub: 'alice', iat: NOW - 60 }],
      },
    ],
  ])('works for tokens of type %s', async (type, claims) => {
    const service = serviceOf();
    const { token } = await service.issue({ ...REQUEST, type, claims });
    expect(await service.verify(token)).toMatchObject({ type, claims });
  });

  test('takes the first issuer', async () => {
    const service = serviceOf({ issuer: [ISSUER, 'https://old.example.com'] });
    const { token } = await service.issue(REQUEST);
    expect((await service.verify(token)).claims.iss).toBe(ISSUER);
  });

  test('names the token type in the protected header, but no identity', async () => {
    const { token } = await serviceOf().issue({ ...REQUEST, header: { tenant: 'acme' } });
    const header = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString());
    expect(header).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      kid: internalsOf(KEY_RING).encryptionKey('access', AUDIENCE).kid,
      typ: 'at+jwt',
      tenant: 'acme',
    });
  });

  test('works until the token expires, with the clock tolerance', async () => {
    let now = NOW;
    const service = serviceOf({ clock: () => now });
    const { token } = await service.issue(REQUEST);
    now = NOW + 604;
    await expect(service.verify(token)).resolves.toBeDefined();
    now = NOW + 605;
    expect(await rejectionOf(service.verify(token))).toMatchObject({ reason: 'expired' });
  });

  test('works only for the audience of the token', async () => {
    const issuer = serviceOf({ audience: [AUDIENCE, OTHER] });
    const { token } = await issuer.issue({ ...REQUEST, audience: OTHER });
    await expect(issuer.verify(token)).resolves.toBeDefined();
    const fresh = createIssuerAndVerifier({
      keyRing: await createRing(),
      issuer: ISSUER,
      audience: AUDIENCE,
      clock,
    });
    expect(await rejectionOf(fresh.verify(token))).toMatchObject({ reason: 'unknown_key' });
  });
});

describe('issue', () => {
  test.each<[string, Partial<ClientTokenRequest>]>([
    ['claims of another type', { type: 'api_call' }],
    ['no allowed_models', { claims: { rate_limits: RATE_LIMITS } }],
    ['incomplete rate_limits', { claims: { allowed_models: [], rate_limits: { requests_per_minute: 1 } } }],
    ['a delegation without lineage', { type: 'delegation', claims: {} }],
  ])('rejects %s', async (_, request) => {
    const { audit, records } = createAuditRecorder();
    await expect(serviceOf({ audit }).issue({ ...REQUEST, ...request })).rejects.toThrow(TypeError);
    expect(records).toEqual([]);
  });

  test.each(['refresh', 'foreign', 'admin'])('rejects the type %s', async (type) => {
    await expect(serviceOf().issue(untyped({ ...REQUEST, type }))).rejects.toThrow(TypeError);
  });

  test.each<[string, Partial<ClientTokenRequest>]>([
    ['an empty subject', { subject: '' }],
    ['an empty client_id', { clientId: '' }],
    ['a scope of two tokens in one', { scope: ['read:documents admin'] }],
    ['a scope that is no scope token', { scope: ['read"'] }],
    ['a lifetime that is no number', { lifetime: Number.NaN }],
    ['a lifetime without end', { lifetime: Number.POSITIVE_INFINITY }],
    ['a negative lifetime', { lifetime: -60 }],
    ['a session_id among the claims', { claims: { ...REQUEST.claims, session_id: 's1' } }],
    ['a binding to a key', { claims: { ...REQUEST.claims, cnf: {} } }],
  ])('rejects %s, which verify would reject or misread', async (_, request) => {
    await expect(serviceOf().issue({ ...REQUEST, ...request })).rejects.toThrow(TypeError);
  });

  test.each(['alg', 'enc', 'kid', 'typ', 'cty', 'zip', 'crit', 'jku', 'iss', 'sub', 'client_id'])(
    'rejects %s in the protected header',
    async (member) => {
      await expect(serviceOf().issue({ ...REQUEST, header: { [member]: 'x' } })).rejects.toThrow(
        new TypeError(`issue: header must not contain the reserved member ${member}: remove it`),
      );
    },
  );

  test('rejects a token of more than 4096 characters without an audit event', async () => {
    const { audit, records } = createAuditRecorder();
    const service = serviceOf({ audit });
    const withNote = (length: number) => ({
      ...REQUEST,
      claims: { ...REQUEST.claims, note: 'x'.repeat(length) },
    });
    const { token } = await service.issue(withNote(1000));
    const longest = 1000 + Math.floor(((4096 - token.length) * 3) / 4);
    expect((await service.issue(withNote(longest))).token.length).toBeGreaterThan(4092);
    await expect(service.issue(withNote(longest + 4))).rejects.toThrow(
      new InvalidRequestError('The token would be longer than 4096 characters'),
    );
    expect(records).toHaveLength(2);
  });

  test('records every field', async () => {
    const { audit, records } = createAuditRecorder();
    const request = { ...REQUEST, scope: ['a', 'b'], subjectAsserted: true, ip: '192.0.2.1' };
    const { claims } = await serviceOf({ audit }).issue(request);
    expect(records).toEqual([
      {
        type: 'token.issued',
        time: '2030-01-01T00:00:00Z',
        jti: claims.jti,
        clientId: 'demo',
        subject: 'alice',
        subjectAsserted: true,
        audience: AUDIENCE,
        scope: 'a b',
        tokenType: 'tiered_model_exec',
        expiresAt: NOW + 600,
        kid: internalsOf(KEY_RING).encryptionKey('access', AUDIENCE).kid,
        ip: '192.0.2.1',
      },
    ]);
  });

  test('records no token, and no members for missing fields', async () => {
    const { audit, records } = createAuditRecorder();
    const { token } = await serviceOf({ audit }).issue({ ...REQUEST, scope: [] });
    expect(records).toMatchObject([{ scope: '', subjectAsserted: false }]);
    expect(records[0]).not.toHaveProperty('ip');
    expect(JSON.stringify(records)).not.toContain(token.split('.')[3]);
  });

  test('returns no token without an audit event', async () => {
    const error = await rejectionOf(serviceOf({ audit: createBrokenAudit() }).issue(REQUEST));
    expect(error).toBeInstanceOf(TemporarilyUnavailableError);
    expect(error).toMatchObject({
      status: 503,
      error: 'temporarily_unavailable',
      headers: { 'Retry-After': '1' },
    });
  });
});

describe('verify', () => {
  test.each([
    ['of another issuer', { claims: { iss: 'https://evil.example.com' } }, 'wrong_issuer'],
    ['for another audience', { claims: { aud: OTHER } }, 'wrong_audience'],
    ['of another typ', { typ: 'JWT' }, 'wrong_typ'],
    ['that refreshes', { typ: 'rt+jwt' }, 'refresh_token'],
    ['that expired', { claims: { exp: NOW - 60 } }, 'expired'],
  ])('rejects a token %s', async (_, mint, reason) => {
    expect(await rejectionOf(serviceOf().verify(mintToken(KEY_RING, mint)))).toMatchObject({ reason });
  });

  test.each(['', 'abc', 'a.b.c', '....', 'a..b.c.d.e'])('rejects %j', async (token) => {
    expect(await rejectionOf(serviceOf().verify(token))).toBeInstanceOf(InvalidTokenError);
  });

  test('rejects a token that is longer than the limit', async () => {
    const token = mintToken(KEY_RING);
    await expect(serviceOf({ maxTokenLength: token.length }).verify(token)).resolves.toBeDefined();
    const error = await rejectionOf(serviceOf({ maxTokenLength: token.length - 1 }).verify(token));
    expect(error).toMatchObject({ reason: 'too_long' });
  });

  test('rejects a token that was tampered with', async () => {
    const segments = mintToken(KEY_RING).split('.');
    const ciphertext = segments[3] ?? '';
    segments[3] = (ciphertext.startsWith('A') ? 'B' : 'A') + ciphertext.slice(1);
    expect(await rejectionOf(serviceOf().verify(segments.join('.')))).toMatchObject({ reason: 'decryption' });
  });
});

test('rejects a token that expires during the key look-up', async () => {
  let isLoaded = false;
  let now = NOW;
  const keyRing = keyRingWith(KEY_RING, {
    decryptionKey: (kid) => (isLoaded ? internalsOf(KEY_RING).decryptionKey(kid) : undefined),
    async reloadForUnknownKey() {
      isLoaded = true;
      now += 600;
      return true;
    },
  });
  const service = serviceOf({ keyRing, clock: () => now });
  const token = mintToken(KEY_RING, { claims: { exp: NOW + 300 } });

  expect(await rejectionOf(service.verify(token))).toMatchObject({ reason: 'expired' });
});

describe('revocation', () => {
  test('check receives the verified token', async () => {
    const asked: VerifiedToken[] = [];
    const isRevoked = (token: VerifiedToken) => {
      asked.push(token);
      return false;
    };
    const service = serviceOf({ revocations: { isRevoked } });
    const verified = await service.verify(mintToken(KEY_RING));
    expect(asked).toEqual([verified]);
  });

  test.each<[string, () => boolean | Promise<boolean>]>([
    ['at once', () => true],
    ['later', async () => true],
  ])('rejects a revoked token: %s', async (_, isRevoked) => {
    const error = await rejectionOf(serviceOf({ revocations: { isRevoked } }).verify(mintToken(KEY_RING)));
    expect(error).toMatchObject({ reason: 'revoked', message: 'The access token is not valid', status: 401 });
  });

  test.each<[string, () => boolean | Promise<boolean>]>([
    [
      'throws',
      () => {
        throw new Error('connection refused');
      },
    ],
    ['rejects', () => Promise.reject(new Error('connection refused'))],
  ])('that %s is an outage, not a rejection', async (_, isRevoked) => {
    const error = await rejectionOf(serviceOf({ revocations: { isRevoked } }).verify(mintToken(KEY_RING)));
    expect(error).toBeInstanceOf(TemporarilyUnavailableError);
    expect(error).toMatchObject({ status: 503, cause: new Error('connection refused') });
  });

  test('that fails with an error of this package keeps the error', async () => {
    const failure: PassportJweError = new RateLimitExceededError(5);
    const isRevoked = () => Promise.reject(failure);
    expect(await rejectionOf(serviceOf({ revocations: { isRevoked } }).verify(mintToken(KEY_RING)))).toBe(
      failure,
    );
  });

  test('check is not called for an invalid token', async () => {
    let asked = 0;
    const isRevoked = () => {
      asked += 1;
      return false;
    };
    await rejectionOf(
      serviceOf({ revocations: { isRevoked } }).verify(mintToken(KEY_RING, { claims: { exp: 1 } })),
    );
    expect(asked).toBe(0);
  });
});
