import { describe, expect, test } from '@jest/globals';
import type { TokenVerifierOptions } from 'passport-jwe';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { createRevocations } from '../../src/revocation/revocations.js';
import { createMemoryStores } from '../../src/stores/memory/create-memory-stores.js';
import { rejectionOf } from '../support/caught.js';
import { isDeeplyFrozen } from '../support/deeply-frozen.js';
import { forgeToken } from '../support/forge-token.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import {
  forgeLegacyToken,
  LEGACY,
  LEGACY_CLAIMS,
  LEGACY_HEADER,
  LEGACY_ISSUER,
  LEGACY_PASSPHRASE,
  LEGACY_TOKENS,
  legacyKey,
} from '../support/legacy-tokens.js';
import { AUDIENCE, claimsOf, clock, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';
import { untyped } from '../support/untyped.js';

const KEY_RING = await createRing();
const OTHER = 'https://other.example.com';
const CLIENT_ID = 'enterprise-customer-api-key';

const serviceOf = (options: Partial<TokenVerifierOptions> = {}) =>
  createIssuerAndVerifier({
    keyRing: KEY_RING,
    issuer: ISSUER,
    audience: AUDIENCE,
    clock,
    legacy: LEGACY,
    ...options,
  });

const verify = (token: string, options: Partial<TokenVerifierOptions> = {}) =>
  serviceOf(options).verify(token);

async function verdictOn(token: string, options: Partial<TokenVerifierOptions> = {}): Promise<string> {
  return verify(token, options).then(
    () => 'accepted',
    ({ reason }) => reason,
  );
}

describe('a token of the other stack', () => {
  test('is verified with its own type', async () => {
    const verified = await verify(LEGACY_TOKENS.models);
    expect(verified).toMatchObject({ type: 'tiered_model_exec', claims: LEGACY_CLAIMS.models });
    expect(verified.claims).toMatchObject({
      iss: LEGACY_ISSUER,
      aud: AUDIENCE,
      sub: CLIENT_ID,
      client_id: CLIENT_ID,
    });
    expect(verified.header).toMatchObject({ kid: legacyKey.kid, typ: 'at+jwt' });
    expect([verified, verified.claims, verified.header].map(isDeeplyFrozen)).toEqual([true, true, true]);
  });

  test.each([
    ['functions', 'function_call', { allowed_functions: [], client_id: CLIENT_ID }],
    ['service', 'service', { client_id: 'billing' }],
    ['bare', 'foreign', { sub: 'alice', iat: 0 }],
  ] as const)('%s is verified as %s', async (name, type, claims) => {
    expect(await verify(LEGACY_TOKENS[name])).toMatchObject({ type, claims });
  });

  test('has the defaults of the option for claims that it lacks', async () => {
    const claims = { api_key_name: 'Demo', exp: NOW + 60 };
    const legacy = { ...LEGACY, type: 'api_call' } as const;
    expect(await verify(forgeLegacyToken(claims), { legacy })).toMatchObject({
      type: 'api_call',
      claims: { client_id: 'demo', allowed_endpoints: [] },
    });
  });

  test.each([
    ['refresh', 'refresh_token'],
    ['delegation', 'unknown_type'],
  ] as const)('%s is rejected as ever', async (name, reason) => {
    expect(await verdictOn(LEGACY_TOKENS[name])).toBe(reason);
  });

  test.each([
    ['another issuer', { iss: 'https://evil.example.com' }, 'wrong_issuer'],
    ['the issuer of the tokens with a kid', { iss: ISSUER }, 'wrong_issuer'],
    ['another audience', { aud: 'https://elsewhere.example.com' }, 'wrong_audience'],
    ['another audience of this server', { aud: OTHER }, 'wrong_audience'],
    ['no issuer after all', { iss: null }, 'claim_malformed'],
    ['no audience after all', { aud: null }, 'claim_malformed'],
    ['no end', { exp: undefined }, 'claim_missing'],
    ['an end in words', { exp: '2030-01-01T01:00:00Z' }, 'claim_malformed'],
    ['an end that is over', { exp: NOW - 60 }, 'expired'],
    ['a beginning to come', { nbf: NOW + 60 }, 'not_yet_valid'],
    ['an issue to come', { iat: NOW + 60 }, 'issued_in_future'],
    ['a jti that is not a string', { jti: 7 }, 'claim_malformed'],
    ['a binding to a key', { cnf: { jkt: 'x' } }, 'key_bound'],
    ['an unknown type', { type: 'admin' }, 'unknown_type'],
    ['a type that tokens cannot claim', { type: 'foreign' }, 'unknown_type'],
    ['claims that do not fit its type', { allowed_models: 'gpt-4' }, 'claim_malformed'],
    ['limits that lack one', { rate_limits: { requests_per_minute: 1 } }, 'claim_malformed'],
    ['no name of a key', { api_key_name: undefined }, 'claim_malformed'],
  ])('is rejected with %s', async (_, change, reason) => {
    const token = forgeLegacyToken(untyped({ ...LEGACY_CLAIMS.models, ...change }));
    expect(await verdictOn(token, { audience: [AUDIENCE, OTHER] })).toBe(reason);
  });

  test.each([{ aud: AUDIENCE }, { aud: [OTHER, AUDIENCE] }, { iss: LEGACY_ISSUER }, { iat: NOW + 0.5 }])(
    'is accepted with %j',
    async (change) => {
      expect(await verdictOn(forgeLegacyToken({ ...LEGACY_CLAIMS.models, ...change }))).toBe('accepted');
    },
  );

  test('is not accepted for longer than its revocation is stored', () => {
    const options = { keyRing: KEY_RING, issuer: ISSUER, audience: AUDIENCE, clock };
    const legacy = { ...LEGACY, until: NOW + 91 * 86_400 };
    const store = createMemoryStores().revocations;
    const revocations = createRevocations({ stores: { revocations: store }, clock });
    const longer = createRevocations({
      stores: { revocations: store },
      clock,
      maxTokenLifetimeSeconds: 92 * 86_400,
    });

    expect(() => createIssuerAndVerifier({ ...options, legacy, revocations })).toThrow(
      /raise maxTokenLifetimeSeconds/,
    );
    expect(() => createIssuerAndVerifier({ ...options, legacy, revocations: longer })).not.toThrow();
  });

  test('shows handlers only the audience of the option, even if it lists others', async () => {
    const token = forgeLegacyToken({ ...LEGACY_CLAIMS.models, aud: [OTHER, AUDIENCE] });
    const accepting = {
      ...{ keyRing: KEY_RING, issuer: ISSUER, audience: [AUDIENCE, OTHER] },
      legacy: LEGACY,
    };
    const { claims } = await createIssuerAndVerifier({ ...accepting, clock }).verify(token);

    expect(claims.aud).toEqual([AUDIENCE]);
  });

  test('is valid until its exp, in UTC, and no longer than the option', async () => {
    let now = NOW;
    const service = serviceOf({ clock: () => now });
    const verdict = () =>
      service.verify(LEGACY_TOKENS.models).then(
        () => 'accepted',
        ({ reason }) => reason,
      );
    now = NOW + 3604;
    expect(await verdict()).toBe('accepted');
    now = NOW + 3605;
    expect(await verdict()).toBe('expired');
    now = LEGACY.until;
    expect(await verdict()).toBe('expired_key');
  });

  test('expires with the option, even before its exp', async () => {
    const token = forgeLegacyToken({ ...LEGACY_CLAIMS.models, exp: NOW + 10_000_000 });
    expect(await verdictOn(token, { clock: () => LEGACY.until - 1 })).toBe('accepted');
    expect(await verdictOn(token, { clock: () => LEGACY.until })).toBe('expired_key');
  });

  test('is also checked against the other options', async () => {
    expect(await verdictOn(LEGACY_TOKENS.bare, { maxTokenAgeSeconds: 86_400 })).toBe('too_old');
    expect(await verdictOn(LEGACY_TOKENS.models, { requiredClaims: ['tenant'] })).toBe('claim_missing');
    expect(await verdictOn(LEGACY_TOKENS.models, { maxTokenLength: 100 })).toBe('too_long');
    expect(await verdictOn(LEGACY_TOKENS.models, { typ: 'JWT' })).toBe('accepted');
  });
});

describe('the scope of a legacy token', () => {
  test('is the claim scope, which that stack did not write', async () => {
    for (const token of [LEGACY_TOKENS.models, LEGACY_TOKENS.bare]) {
      expect((await verify(token)).scope).toEqual([]);
    }
  });

  test('is the claim that scopeClaim names', async () => {
    const byPermissions = await verify(LEGACY_TOKENS.models, { scopeClaim: 'permissions' });
    const byScopes = await verify(LEGACY_TOKENS.bare, { scopeClaim: 'scopes' });
    expect(byPermissions.scope).toEqual(['read:documents', 'execute:models']);
    expect(byScopes.scope).toEqual(['read:documents']);
    expect((await verify(LEGACY_TOKENS.models, { scopeClaim: 'scopes' })).scope).toEqual([]);
  });

  test('is compared by whole scope tokens', async () => {
    const token = forgeLegacyToken({ ...LEGACY_CLAIMS.bare, scopes: 'read:documents-draft admin:x' });
    const verified = await verify(token, { scopeClaim: 'scopes' });
    expect(['read:documents', 'admin', 'admin:x'].filter(verified.hasScope)).toEqual(['admin:x']);
  });

  test('is the same for tokens of this package, whose permissions repeat the scope', async () => {
    const options = { scopeClaim: 'permissions' };
    const { scope } = await verify(mintToken(KEY_RING), options);
    expect(scope).toEqual(['read:documents', 'write:documents']);
    const differing = mintToken(KEY_RING, { claims: { permissions: ['admin'] } });
    expect(await verdictOn(differing, options)).toBe('scope_conflict');
  });
});

describe('revocation', () => {
  const revocationsOf = () => createRevocations({ stores: createMemoryStores({ clock }), clock });

  test('revokes a token without jti by its digest', async () => {
    const revocations = revocationsOf();
    const { jti, exp: expiresAt } = (await verify(LEGACY_TOKENS.bare)).claims;
    await revocations.revoke({ kind: 'token', jti, expiresAt });
    const sibling = forgeLegacyToken(LEGACY_CLAIMS.bare);

    expect(jti).toMatch(/^[\w-]{43}$/);
    expect(await verdictOn(LEGACY_TOKENS.bare, { revocations })).toBe('revoked');
    expect(await verdictOn(sibling, { revocations })).toBe('accepted');
  });

  test('revokes a token without jti only in its exact spelling', async () => {
    const revocations = revocationsOf();
    const [one, other] = ['{"alg": "dir", "enc": "A256GCM"}', '{"enc":"A256GCM","alg":"dir"}'].map((header) =>
      forgeLegacyToken(LEGACY_CLAIMS.bare, { header }),
    );
    const { jti, exp: expiresAt } = (await verify(one ?? '')).claims;
    await revocations.revoke({ kind: 'token', jti, expiresAt });
    const respelled = [other?.split('.')[0], ...(one?.split('.').slice(1) ?? [])].join('.');

    expect(await verdictOn(one ?? '', { revocations })).toBe('revoked');
    expect(await verdictOn(other ?? '', { revocations })).toBe('accepted');
    expect(await verdictOn(respelled, { revocations })).toBe('decryption');
  });

  test.each([
    { kind: 'kid', kid: legacyKey.kid },
    { kind: 'api_key', clientId: CLIENT_ID },
    { kind: 'subject', clientId: CLIENT_ID, subject: CLIENT_ID },
    { kind: 'token', jti: LEGACY_CLAIMS.models.jti, expiresAt: NOW + 3600 },
  ] as const)('reaches tokens of the other stack by %j', async (target) => {
    const revocations = revocationsOf();
    await revocations.revoke(target);
    expect(await verdictOn(LEGACY_TOKENS.models, { revocations })).toBe('revoked');
    expect(await verdictOn(mintToken(KEY_RING), { revocations })).toBe('accepted');
  });

  test('treats a token without iat as the oldest', async () => {
    const { iat: _, ...claims } = LEGACY_CLAIMS.models;
    const revocations = createRevocations({
      stores: createMemoryStores({ clock: () => 60 }),
      clock: () => 60,
    });
    await revocations.revoke({ kind: 'api_key', clientId: CLIENT_ID });
    expect(await verdictOn(forgeLegacyToken(claims), { revocations })).toBe('revoked');
    expect(await verdictOn(LEGACY_TOKENS.models, { revocations })).toBe('accepted');
  });

  test('with a new store rejects tokens that are older than the store', async () => {
    const store = { ...createMemoryStores({ clock }).revocations, completeSince: () => NOW };
    const revocations = createRevocations({ stores: { revocations: store }, clock });
    expect(await verdictOn(LEGACY_TOKENS.models, { revocations })).toBe('accepted');
    expect(await verdictOn(LEGACY_TOKENS.bare, { revocations })).toBe('revoked');
  });
});

describe('all other tokens', () => {
  test('are validated as strictly as without the option', async () => {
    const key = internalsOf(KEY_RING).encryptionKey('access', AUDIENCE);
    const forge = (parts: Parameters<typeof forgeToken>[1]) => verdictOn(forgeToken(key, parts));
    expect(await verdictOn(mintToken(KEY_RING))).toBe('accepted');
    expect(await forge({ iv: Buffer.alloc(16, 'iv') })).toBe('iv_length');
    expect(await forge({ header: '{"enc":"A256GCM","alg":"dir"}' })).toBe('decryption');
    expect(await forge({ header: '{"alg":"dir","enc":"A256GCM","typ":"at+jwt"}' })).toBe(
      'header_invalid_member',
    );
    expect(await forge({ header: `{"alg":"dir","enc":"A256GCM","kid":"${key.kid}"}` })).toBe('wrong_typ');
    expect(await verdictOn(mintToken(KEY_RING, { claims: { iss: LEGACY_ISSUER } }))).toBe('wrong_issuer');
    expect(await verdictOn(mintToken(KEY_RING, { claims: { jti: undefined } }))).toBe('claim_missing');
  });

  test('are not decrypted with the legacy key, for any kid', async () => {
    const header = { alg: 'dir', enc: 'A256GCM', kid: legacyKey.kid, typ: 'at+jwt' };
    const named = forgeLegacyToken(claimsOf(), { header: JSON.stringify(header) });
    expect(await verdictOn(named)).toBe('unknown_key');
  });

  test('are not decrypted without a kid by a key of the ring', async () => {
    const unnamed = forgeToken(internalsOf(KEY_RING).encryptionKey('access', AUDIENCE), {
      header: LEGACY_HEADER,
    });
    expect(await verdictOn(unnamed)).toBe('decryption');
  });
});

describe('a service without the option', () => {
  test.each(Object.entries(LEGACY_TOKENS))('rejects %s as before', async (_, token) => {
    const service = createIssuerAndVerifier({ keyRing: KEY_RING, issuer: ISSUER, audience: AUDIENCE, clock });
    expect(await rejectionOf(service.verify(token))).toMatchObject({
      reason: 'header_invalid_member',
      error: 'invalid_token',
      message: 'The access token is not valid',
    });
  });

  test('rejects them even if its key ring has their key', async () => {
    const current = { passphrase: LEGACY_PASSPHRASE, derivation: 'dsp-ai-platform' } as const;
    const keyRing = await createKeyRing({ current });
    const service = createIssuerAndVerifier({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock });
    expect(await rejectionOf(service.verify(LEGACY_TOKENS.models))).toMatchObject({ status: 401 });
  });
});

describe('createIssuerAndVerifier', () => {
  test.each([
    [{ key: undefined }, 'legacy.key'],
    [{ issuer: '' }, 'legacy.issuer'],
    [{ audience: OTHER }, 'legacy.audience'],
    [{ type: 'refresh' }, 'legacy.type'],
    [{ until: Number.NaN }, 'legacy.until'],
    [{ untill: NOW }, 'untill'],
  ])('rejects the option with %j', (change: Record<string, unknown>, named) => {
    const create = () => serviceOf({ legacy: { ...LEGACY, ...change } });
    expect(create).toThrow(TypeError);
    expect(create).toThrow(named);
  });

  test('issues no legacy token', async () => {
    const { token } = await serviceOf().issue({
      type: 'service',
      subject: 'billing',
      clientId: 'billing',
      audience: AUDIENCE,
      scope: [],
      lifetime: 60,
      claims: {},
    });
    expect(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).not.toBe(LEGACY_HEADER);
    expect(Buffer.from(token.split('.')[2] ?? '', 'base64url')).toHaveLength(12);
  });
});
