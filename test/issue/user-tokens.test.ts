import { describe, expect, test } from '@jest/globals';
import { createTokenIssuer, createTokenVerifier, type TokenIssuerOptions } from 'passport-jwe';
import { z } from 'zod';
import { createAuditRecorder } from '../support/audit-recorder.js';
import { rejectionOf } from '../support/caught.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';
import { untyped, untypedValue } from '../support/untyped.js';

const KEY_RING = await createRing();

const createIssuer = (options: Partial<TokenIssuerOptions> = {}) =>
  createTokenIssuer({ keyRing: KEY_RING, issuer: ISSUER, audience: AUDIENCE, clock, ...options });

const verifier = createTokenVerifier({ keyRing: KEY_RING, issuer: ISSUER, audience: AUDIENCE, clock });

describe('a token for a user', () => {
  test('needs a subject only', async () => {
    const { token, expiresInSeconds } = await createIssuer().issue({ subject: 'alice' });
    const verified = await verifier.verify(token);

    expect(verified).toMatchObject({ type: 'user', scope: [] });
    expect(verified.claims).toEqual({
      ...{ type: 'user', iss: ISSUER, sub: 'alice', aud: AUDIENCE, client_id: ISSUER },
      ...{ iat: NOW, nbf: NOW, exp: NOW + 900, jti: expect.any(String) },
    });
    expect(expiresInSeconds).toBe(900);
  });

  test('lives no longer than the maximum lifetime if its request names no lifetime', async () => {
    const issuer = createIssuer({ maxTokenLifetimeSeconds: 60 });

    expect(await issuer.issue({ subject: 'alice' })).toMatchObject({ expiresInSeconds: 60 });
  });

  test('has the scope, the lifetime, the session and the custom claims of its request', async () => {
    const { token } = await createTokenIssuer<{ tenant: string }>({
      ...{ keyRing: KEY_RING, issuer: ISSUER, clock },
    }).issue({
      ...{ subject: 'alice', audience: AUDIENCE, scope: 'read write', lifetime: '10m', sessionId: 's1' },
      claims: { tenant: 'acme' },
    });
    const verified = await verifier.verify(token);

    expect(verified.scope).toEqual(['read', 'write']);
    expect(verified.claims).toMatchObject({ exp: NOW + 600, session_id: 's1', tenant: 'acme' });
    expect(verified.claims).not.toHaveProperty('permissions');
  });

  test.each(['Zoë', '李雷', '🙂', 'a b', '4711', 'x'.repeat(200), '../x'])(
    'accepts the subject %j',
    async (subject) => {
      const { token } = await createIssuer().issue({ subject });

      expect((await verifier.verify(token)).claims.sub).toBe(subject);
    },
  );

  test('is recorded with its issuer as the client', async () => {
    const { audit, records } = createAuditRecorder();
    await createIssuer({ audit }).issue({ subject: 'alice', ip: '192.0.2.1' });

    expect(records).toMatchObject([
      { type: 'token.issued', clientId: ISSUER, subject: 'alice', tokenType: 'user', ip: '192.0.2.1' },
    ]);
  });

  test('needs an issuer that no API key can have as its key_id', async () => {
    const issue = createIssuer({ issuer: 'auth' }).issue({ subject: 'alice' });

    expect(await rejectionOf(issue)).toMatchObject({
      message: expect.stringContaining('issuer must not have the form of a key_id'),
    });
  });
});

describe('a token of type user', () => {
  test.each([
    ['the client of an API key', { client_id: 'demo' }],
    ['the name of an API key', { client_id: ISSUER, api_key_name: 'Demo key' }],
    ['the issuer as its subject', { client_id: ISSUER, sub: ISSUER }],
    ['no client', { client_id: undefined }],
  ])('is rejected with %s', async (_, claims) => {
    const token = mintToken(KEY_RING, { claims: { type: 'user', sub: 'alice', ...claims } });

    expect(await rejectionOf(verifier.verify(token))).toMatchObject({ reason: 'claim_malformed' });
  });
});

describe('a lifetime', () => {
  test.each<[number | `${number}m`, number]>([
    [90, 90],
    [90.9, 90],
    ['15m', 900],
  ])('of %j lasts %d seconds', async (lifetime, seconds) => {
    expect(await createIssuer().issue({ subject: 'a', lifetime })).toMatchObject({
      expiresInSeconds: seconds,
    });
  });

  test.each([
    ['45s', 45],
    ['12h', 43_200],
    ['1d', 86_400],
  ] as const)('of %j lasts %d seconds', async (lifetime, seconds) => {
    expect(await createIssuer().issue({ subject: 'a', lifetime })).toMatchObject({
      expiresInSeconds: seconds,
    });
  });
});

describe('claimsSchema', () => {
  const claimsSchema = z.object({ tenant: z.string() });
  const slowSchema = claimsSchema.refine(async () => true);
  const options = { keyRing: KEY_RING, issuer: ISSUER, audience: AUDIENCE, clock };

  test.each([
    ['a synchronous', claimsSchema],
    ['an asynchronous', slowSchema],
  ])('accepts claims that match %s schema', async (_, schema) => {
    const { token } = await createTokenIssuer({ ...options, claimsSchema: schema }).issue({
      subject: 'alice',
      claims: { tenant: 'acme' },
    });
    const verified = await createTokenVerifier({ ...options, claimsSchema: schema }).verify(token);

    expect(verified.claims.tenant).toBe('acme');
  });

  test.each([
    ['a synchronous', claimsSchema],
    ['an asynchronous', slowSchema],
  ])('rejects other claims by %s schema, naming the claim but not its value', async (_, schema) => {
    const issuer = createTokenIssuer({ ...options, claimsSchema: schema });
    const error = await rejectionOf(issuer.issue(untyped({ subject: 'alice', claims: { tenant: 4711 } })));

    expect(error).toEqual(
      new TypeError('issue: claimsSchema rejects claims.tenant: change the claim or the schema'),
    );
  });

  test.each([
    ['a synchronous', claimsSchema],
    ['an asynchronous', slowSchema],
  ])('makes the verifier reject other claims by %s schema', async (_, schema) => {
    const { token } = await createIssuer().issue(untyped({ subject: 'alice', claims: { tenant: 4711 } }));
    const checking = createTokenVerifier({ ...options, claimsSchema: schema });

    expect(await rejectionOf(checking.verify(token))).toMatchObject({ status: 401, reason: 'custom_claims' });
  });

  test('cannot add claims, and receives a copy', async () => {
    const validate = (claims: unknown) => {
      Object.assign(Object(claims), { scope: 'admin', session_id: 's1' });
      return {};
    };
    const schema = { '~standard': { version: 1 as const, vendor: 'test', validate } };
    const { token } = await createTokenIssuer({ ...options, claimsSchema: schema }).issue({
      subject: 'alice',
    });
    const verified = await verifier.verify(token);

    expect(verified.scope).toEqual([]);
    expect(verified.claims).not.toHaveProperty('session_id');
  });

  test('names the claim only, not the keys of its value', async () => {
    const quotas = z.object({ quotas: z.record(z.string(), z.number()) });
    const issuer = createTokenIssuer({ ...options, claimsSchema: quotas });
    const issue = issuer.issue(untyped({ subject: 'alice', claims: { quotas: { 'alice@a.example': 'x' } } }));

    expect(await rejectionOf(issue)).toEqual(
      new TypeError('issue: claimsSchema rejects claims.quotas: change the claim or the schema'),
    );
  });

  test.each([
    [[], 'rejects'],
    [null, 'accepts'],
    [undefined, 'accepts'],
  ] as const)('with the issues %j %s, when issuing and when accepting', async (issues, verdict) => {
    const validate = () => untypedValue({ issues });
    const schema = { '~standard': { version: 1 as const, vendor: 'test', validate } };
    const issued = createTokenIssuer({ ...options, claimsSchema: schema }).issue({ subject: 'alice' });
    const { token } = await createIssuer().issue({ subject: 'alice' });
    const accepted = createTokenVerifier({ ...options, claimsSchema: schema }).verify(token);
    const outcomes = await Promise.allSettled([issued, accepted]);
    const status = verdict === 'rejects' ? 'rejected' : 'fulfilled';

    expect(outcomes.map((outcome) => outcome.status)).toEqual([status, status]);
  });

  test('sees no claims of this package', async () => {
    const { token } = await createIssuer().issue(untyped({ subject: 'alice', claims: { tenant: 'acme' } }));
    const strict = createTokenVerifier({ ...options, claimsSchema: z.strictObject({ tenant: z.string() }) });

    await expect(strict.verify(token)).resolves.toMatchObject({ type: 'user' });
  });

  test('checks tokens of clients when they are accepted', async () => {
    const request = { type: 'service', subject: 'b', clientId: 'b' } as const;
    const { token } = await createIssuer().issue(request);
    const checking = createTokenVerifier({ ...options, claimsSchema });

    expect(await rejectionOf(checking.verify(token))).toMatchObject({ reason: 'custom_claims' });
  });

  test.each([[{}], [null], ['text'], [{ '~standard': {} }]])(
    'must be a Standard Schema: %j is not',
    (schema) => {
      const create = () => createTokenIssuer({ ...options, claimsSchema: untypedValue(schema) });

      expect(create).toThrow('createTokenIssuer: claimsSchema must be a Standard Schema');
    },
  );
});
