import { describe, expect, test } from '@jest/globals';
import { createKeyRing, createTokenVerifier, type TokenVerifierOptions } from 'passport-jwe';
import {
  createTestClock,
  createTestKeyRing,
  type MintTokenOptions,
  mintToken,
  TEST_AUDIENCE,
  TEST_ISSUER,
} from 'passport-jwe/testing';
import { rejectionOf } from '../support/caught.js';
import { createParties } from '../support/signed-tokens.js';
import { AUDIENCE, secretOf } from '../support/tokens.js';
import { untypedValue } from '../support/untyped.js';

interface AppClaims {
  tenant: string;
}

/** Verifies as an application under test would that takes its settings from `passport-jwe/testing`. */
function verify(token: string, options: Partial<TokenVerifierOptions> = {}) {
  const settings = { keyRing: createTestKeyRing(), issuer: TEST_ISSUER, audience: TEST_AUDIENCE };
  return createTokenVerifier({ ...settings, ...options }).verify(token);
}

describe('a minted token', () => {
  test('is for a user without scope if the test sets no option', async () => {
    const { type, claims, scope } = await verify(await mintToken());

    expect({ type, scope }).toEqual({ type: 'user', scope: [] });
    expect(claims).toMatchObject({ sub: 'test-user', client_id: TEST_ISSUER, aud: TEST_AUDIENCE });
    expect(claims.exp - claims.iat).toBe(900);
  });

  test('has the scope and the custom claims of the test', async () => {
    const token = await mintToken({ scope: 'read write', claims: { tenant: 'acme' } });

    expect(await verify(token)).toMatchObject({ scope: ['read', 'write'], claims: { tenant: 'acme' } });
  });

  test('has the subject, the session and the lifetime of the test', async () => {
    const token = await mintToken({ subject: 'alice', sessionId: 's1', lifetime: '1m' });
    const { claims } = await verify(token);

    expect(claims).toMatchObject({ sub: 'alice', session_id: 's1' });
    expect(claims.exp - claims.iat).toBe(60);
  });

  test('is for a client if the test sets another type', async () => {
    const { type, claims } = await verify(await mintToken({ type: 'service', scope: 'read' }));

    expect(type).toBe('service');
    expect(claims).toMatchObject({ sub: 'test-client', client_id: 'test-client' });
  });

  test.each(['user', 'service', 'tiered_model_exec', 'function_call', 'api_call', 'delegation'] as const)(
    'is accepted if the test sets only the type %s',
    async (type) => {
      expect(await verify(await mintToken({ type }))).toMatchObject({ type });
    },
  );

  test.each([
    ['tiered_model_exec', { allowed_models: [] }],
    ['function_call', { allowed_functions: [] }],
    ['api_call', { allowed_endpoints: [] }],
  ] as const)('has rate limits and an empty list of permissions if its type is %s', async (type, allowed) => {
    const { claims } = await verify(await mintToken({ type }));

    expect(claims).toMatchObject({ ...allowed, rate_limits: { requests_per_minute: 60 } });
  });

  test('has the allowed endpoints of the test', async () => {
    const claims = { allowed_endpoints: ['GET /documents'] };

    expect(await verify(await mintToken({ type: 'api_call', claims }))).toMatchObject({ claims });
  });

  test('lets the client act for the user if its type is delegation', async () => {
    const { claims } = await verify(
      await mintToken({ type: 'delegation', issuedAt: Date.now() / 1000 - 60 }),
    );

    expect(claims).toMatchObject({
      ...{ sub: 'test-user', delegator: 'test-user', client_id: 'test-client' },
      ...{ delegated_to: 'test-client', act: { sub: 'test-client' } },
      lineage: [{ client_id: 'test-client', sub: 'test-user', iat: claims.iat }],
    });
  });

  test('is accepted by an application with custom settings', async () => {
    const keyRing = await createKeyRing({ current: { secret: secretOf(7) } });
    const settings = { keyRing, issuer: 'https://auth.example.com', audience: 'https://api.example.com' };

    expect(await verify(await mintToken(settings), settings)).toMatchObject({ type: 'user' });
  });

  test('is signed if the key ring has public keys', async () => {
    const { issuerRing, serverRing, signing, verificationKeys } = await createParties();
    const token = await mintToken({ keyRing: issuerRing, signing, audience: AUDIENCE });
    const settings = {
      keyRing: serverRing,
      verification: { [TEST_ISSUER]: verificationKeys },
      audience: AUDIENCE,
    };

    expect(await verify(token, settings)).toMatchObject({ type: 'user' });
  });
});

describe('an application rejects a minted token', () => {
  const now = Date.now() / 1000;

  test.each<[name: string, options: MintTokenOptions, reason: string]>([
    ['that has expired', { clock: createTestClock(now - 3600) }, 'expired'],
    ['that is not yet valid', { clock: createTestClock(now + 3600) }, 'not_yet_valid'],
    ['of another issuer', { issuer: 'https://other.test' }, 'wrong_issuer'],
    ['for another audience', { audience: 'https://other.test' }, 'unknown_key'],
  ])('%s', async (_name, options, reason) => {
    expect(await rejectionOf(verify(await mintToken(options)))).toMatchObject({ reason });
  });

  test('that has expired by the clock of the test', async () => {
    const clock = createTestClock();
    const token = await mintToken({ clock, lifetime: '5m' });
    await verify(token, { clock });
    clock.advance('6m');

    expect(await rejectionOf(verify(token, { clock }))).toMatchObject({ reason: 'expired' });
  });

  test('of a key ring that it does not have', async () => {
    const keyRing = await createKeyRing({ current: { secret: secretOf(7) } });

    expect(await rejectionOf(verify(await mintToken({ keyRing })))).toMatchObject({
      reason: 'unknown_key',
    });
  });
});

describe('mintToken()', () => {
  test('names a malformed claim of the token type and its shape, but not its value', async () => {
    const claims = { allowed_endpoints: 'GET /secret' };

    expect(await rejectionOf(mintToken({ type: 'api_call', claims }))).toMatchObject({
      message:
        'issue: verifiers would reject the claims of this api_call token: the claim allowed_endpoints is malformed: pass an array of strings, for example ["GET /documents"]',
    });
  });

  test('names an unknown option and what to write instead', async () => {
    const minting = mintToken(untypedValue({ scopes: 'read' }));

    expect(await rejectionOf(minting)).toMatchObject({
      message: 'issue: unknown option scopes: write scope',
    });
  });

  test('takes custom claims without a cast, and requires those that are not optional', async () => {
    const token = await mintToken<AppClaims>({ scope: 'read', claims: { tenant: 'acme' } });
    // @ts-expect-error tenant is a string
    await mintToken<AppClaims>({ claims: { tenant: 7 } });
    // @ts-expect-error claims are missing
    await mintToken<AppClaims>({ scope: 'read' });
    await mintToken<Partial<AppClaims>>({ scope: 'read' });

    expect((await verify(token)).claims['tenant']).toBe('acme');
  });
});
