import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { createRevocations } from '../../src/revocation/revocations.js';
import { createMemoryStores } from '../../src/stores/memory/create-memory-stores.js';
import type { TrustedIssuerOptions } from '../../src/verify/trusted-issuer-options.js';
import {
  type ExternalParts,
  externalClaims,
  IDP,
  makeExternal,
  signExternal,
  trustIdp,
  verifierOf,
} from '../support/external-tokens.js';
import { reasonOf } from '../support/reason-of.js';
import { AUDIENCE, clock, NOW } from '../support/tokens.js';
import { decryptionOf, generateKind, generateSignatureKey } from '../support/trusted-keys.js';

const key = generateKind('P-256', 0, 'api');
const shared = generateKind(32, 1, 'shared');
const signer = generateSignatureKey('ES256', 's1');
const keys = await decryptionOf(key);
const DAY = 86_400;

const make = (claims: object = {}, parts: Partial<ExternalParts> = {}) =>
  makeExternal({ key, alg: 'ECDH-ES', signer, claims, ...parts });
const makeShared = (claims: object = {}, parts: Partial<ExternalParts> = {}) =>
  makeExternal({ key: shared, alg: 'dir', claims, ...parts });

const trusting = async (changes: Partial<TrustedIssuerOptions> = {}, options = {}) =>
  verifierOf(await trustIdp({ keys, signer }, changes), options);
const trustingShared = async (changes: Partial<TrustedIssuerOptions> = {}, options = {}) =>
  verifierOf(await trustIdp({ keys: shared }, changes), options);

const digestOf = (text: string) => `sha-256:${createHash('sha256').update(text).digest('base64url')}`;

describe('the identity of a token', () => {
  test('is its jti, if it has one', async () => {
    expect((await (await trusting()).verify(await make())).claims.jti).toBe('j1');
  });

  test('is the digest of the signing input, if it has none', async () => {
    const jws = signExternal(signer, { claims: { jti: undefined } });
    const { claims } = await (await trusting()).verify(await make({}, { content: jws }));

    expect(claims.jti).toBe(digestOf(jws.slice(0, jws.lastIndexOf('.'))));
  });

  test('is the digest of the claims, if it has neither jti nor signature', async () => {
    const content = JSON.stringify(externalClaims({ jti: undefined }));
    const { claims } = await (await trustingShared()).verify(await makeShared({}, { content }));

    expect(claims.jti).toBe(digestOf(content));
  });

  test.each([[''], [7], [null], [['j1']]])('is not %j', async (jti) => {
    expect(await reasonOf(await trusting(), await make({ jti }))).toBe('claim_malformed');
  });

  test.each([
    ['a nested JWS', signExternal(signer, { claims: { jti: undefined } }), trusting, make],
    ['claims', JSON.stringify(externalClaims({ jti: undefined })), trustingShared, makeShared],
  ] as const)(
    'is the same if anyone encrypts %s again, so that both are revoked',
    async (_what, content, trust, encrypt) => {
      const stores = createMemoryStores({ clock });
      const revocations = createRevocations({ stores, clock });
      const verifier = await trust({}, { revocations });
      const [first, second] = [
        await encrypt({}, { content }),
        await encrypt({}, { content, enc: 'A256GCM' }),
      ];
      const { claims } = await verifier.verify(first);
      expect(first).not.toBe(second);
      expect(await reasonOf(verifier, second)).toBe('accepted');
      await revocations.revoke({ kind: 'token', issuer: IDP, jti: claims.jti, expiresAt: claims.exp });

      expect(await reasonOf(verifier, first)).toBe('revoked');
      expect(await reasonOf(verifier, second)).toBe('revoked');
    },
  );

  test('does not depend on the signature, which the issuer can repeat differently', async () => {
    const verifier = await trusting();
    const signed = () => signExternal(signer, { claims: { jti: undefined } });
    const [first, second] = [signed(), signed()];
    expect(first).not.toBe(second);
    const ids = await Promise.all(
      [first, second].map(async (content) => (await verifier.verify(await make({}, { content }))).claims.jti),
    );

    expect(ids[0]).toBe(ids[1]);
  });

  test('differs for different claims', async () => {
    const verifier = await trusting();
    const one = await verifier.verify(await make({ jti: undefined }));
    const other = await verifier.verify(await make({ jti: undefined, sub: 'bob' }));

    expect(one.claims.jti).not.toBe(other.claims.jti);
  });
});

describe('typ null', () => {
  test('accepts tokens without typ beside the types in the list', async () => {
    const verifier = await trusting({ typ: [null, 'JWT'] });
    const typed = (typ: unknown) => make({}, { signedHeader: { typ } });

    expect(await reasonOf(verifier, await typed(undefined))).toBe('accepted');
    expect(await reasonOf(verifier, await typed('JWT'))).toBe('accepted');
    expect(await reasonOf(verifier, await typed('application/jwt'))).toBe('accepted');
    expect(await reasonOf(verifier, await typed('at+jwt'))).toBe('wrong_typ');
    expect(await reasonOf(verifier, await typed(null))).toBe('wrong_typ');
    expect(await reasonOf(verifier, await typed('application/okta-internal-at+jwt'))).toBe('wrong_typ');
    expect(await reasonOf(verifier, await typed('rt+jwt'))).toBe('refresh_token');
  });

  test('accepts only tokens without typ, if it stands alone', async () => {
    const verifier = await trustingShared({ typ: [null] });

    expect(await reasonOf(verifier, await makeShared({}, { header: { typ: undefined } }))).toBe('accepted');
    expect(await reasonOf(verifier, await makeShared({}, { header: { typ: 'JWT' } }))).toBe('wrong_typ');
  });

  test.each([{ nonce: 'n' }, { at_hash: 'a' }, { c_hash: 'c' }, { nonce: null }])(
    'accepts no ID token with %j',
    async (claims) => {
      const verifier = await trusting({ typ: [null, 'JWT', 'at+jwt'] });
      const typed = (typ?: string) => make(claims, { signedHeader: { typ } });

      expect(await reasonOf(verifier, await typed())).toBe('id_token');
      expect(await reasonOf(verifier, await typed('JWT'))).toBe('id_token');
      expect(await reasonOf(verifier, await typed('at+jwt'))).toBe('accepted');
    },
  );
});

describe('clientClaim', () => {
  test('is read as client_id, and a claim client_id is not', async () => {
    const verifier = await trusting({ clientClaim: 'azp' });
    const { claims } = await verifier.verify(await make({ azp: 'web', client_id: 'other' }));
    const without = await verifier.verify(await make({ client_id: 'other' }));

    expect(claims).toMatchObject({ client_id: 'web', azp: 'web' });
    expect(without.claims).not.toHaveProperty('client_id');
  });

  test.each([[''], [7], [null], [['web']]])('must not be %j', async (azp) => {
    expect(await reasonOf(await trusting({ clientClaim: 'azp' }), await make({ azp }))).toBe(
      'claim_malformed',
    );
  });
});

describe('scopeClaim', () => {
  test.each([
    ['a string', 'read admin'],
    ['an array', ['read', 'admin']],
    ['an array with a repetition', ['read', 'read']],
    ['an array with names that no scope can contain', ['read', 'Domain Users', 'a\tb', '']],
  ])('may be %s, of which only granted tokens remain', async (_what, scp) => {
    const verifier = await trusting({ scopeClaim: 'scp' });
    const verified = await verifier.verify(await make({ scope: undefined, scp }));

    expect(verified.scope).toEqual(['read']);
    expect(verified.claims.scope).toBe('read');
    expect(verified.claims).not.toHaveProperty('scp');
  });

  test.each([[7], [{}], [[7]], [[['read']]], [null], ['read  admin'], ['read\tadmin']])(
    'must not be %j',
    async (scp) => {
      expect(await reasonOf(await trusting({ scopeClaim: 'scp' }), await make({ scp }))).toBe(
        'claim_malformed',
      );
    },
  );

  test('may be scope itself as an array', async () => {
    expect((await (await trusting()).verify(await make({ scope: ['read'] }))).scope).toEqual(['read']);
  });

  test('is read alone, so that another scope grants nothing', async () => {
    const verifier = await trusting({ scopeClaim: 'permissions', scopes: ['read', 'write'] });
    const both = await verifier.verify(await make({ scope: 'read write', permissions: ['read'] }));
    const other = await verifier.verify(await make({ scope: 'read write' }));

    expect(both.scope).toEqual(['read']);
    expect(other.scope).toEqual([]);
    expect(other.claims).not.toHaveProperty('scope');
  });
});

describe('scopes', () => {
  test('map tokens of the issuer to ours', async () => {
    const scopes = { 'api.read': 'read', 'api.all': ['read', 'write'], none: [] };
    const verifier = await trusting({ scopes });
    const scopeOf = async (scope: string) => (await verifier.verify(await make({ scope }))).scope;

    expect(await scopeOf('api.read')).toEqual(['read']);
    expect(await scopeOf('api.all api.read none')).toEqual(['read', 'write']);
    expect(await scopeOf('read write')).toEqual([]);
    expect(await scopeOf('__proto__ constructor toString')).toEqual([]);
  });
});

describe('impliedClaims', () => {
  const implied = { impliedClaims: ['iss', 'aud'] } as const;

  test('complete a token without iss and aud', async () => {
    const verifier = await trustingShared(implied);
    const { claims } = await verifier.verify(await makeShared({ iss: undefined, aud: undefined }));

    expect(claims).toMatchObject({ iss: IDP, aud: AUDIENCE });
  });

  test('replace no claim of the token', async () => {
    const verifier = await trustingShared(implied);

    expect(await reasonOf(verifier, await makeShared())).toBe('accepted');
    expect(await reasonOf(verifier, await makeShared({ iss: 'https://other.example.com' }))).toBe(
      'wrong_issuer',
    );
    expect(await reasonOf(verifier, await makeShared({ aud: 'https://other.example.com' }))).toBe(
      'wrong_audience',
    );
    expect(await reasonOf(verifier, await makeShared({ iss: null }))).toBe('claim_malformed');
    expect(await reasonOf(verifier, await makeShared({ aud: null }))).toBe('claim_malformed');
    expect(await reasonOf(verifier, await makeShared({ aud: [] }))).toBe('claim_malformed');
  });

  test('imply nothing that is not in the list', async () => {
    const verifier = await trustingShared({ impliedClaims: ['aud'] });

    expect(await reasonOf(verifier, await makeShared({ aud: undefined }))).toBe('accepted');
    expect(await reasonOf(verifier, await makeShared({ iss: undefined }))).toBe('claim_missing');
    expect(await reasonOf(await trustingShared(), await makeShared({ aud: undefined }))).toBe(
      'claim_missing',
    );
  });

  test('require symmetric keys without verification, one issuer and one audience', async () => {
    const refusal = /impliedClaims requires symmetric decryption keys without verification/;
    await expect(trusting(implied)).rejects.toThrow(refusal);
    await expect(trustIdp({ keys: shared, signer }, implied)).rejects.toThrow(refusal);
    await expect(trustingShared({ ...implied, audience: [AUDIENCE, 'b'] })).rejects.toThrow(refusal);
  });
});

describe('the times of a token', () => {
  test('follow the options of its issuer before those of the verifier', async () => {
    const session = { iat: NOW, exp: NOW + 30 * DAY };
    const own = await trusting({ maxTokenLifetimeSeconds: 30 * DAY }, { maxTokenLifetimeSeconds: 60 });
    const inherited = await trusting({}, { maxTokenLifetimeSeconds: 60 });

    expect(await reasonOf(own, await make(session))).toBe('accepted');
    expect(await reasonOf(await trusting(), await make(session))).toBe('lifetime_too_long');
    expect(await reasonOf(inherited, await make())).toBe('lifetime_too_long');
  });

  test('follow the age and tolerance of its issuer', async () => {
    const old = await make({ iat: NOW - 100, exp: NOW + 100 });
    const late = await make({ iat: NOW - 100, exp: NOW - 10 });
    const strict = { maxTokenAgeSeconds: 60, clockToleranceSeconds: 0 };

    expect(await reasonOf(await trusting(strict), old)).toBe('too_old');
    expect(await reasonOf(await trusting({ maxTokenAgeSeconds: 200 }, strict), old)).toBe('accepted');
    expect(await reasonOf(await trusting({ clockToleranceSeconds: 0 }), late)).toBe('expired');
    expect(await reasonOf(await trusting({ clockToleranceSeconds: 30 }, strict), late)).toBe('too_old');
    expect(await reasonOf(await trusting({ clockToleranceSeconds: 60 }), late)).toBe('accepted');
  });

  test('cover the revocations of the longest token', async () => {
    const stores = createMemoryStores({ clock });
    const revocations = createRevocations({ stores, clock, maxTokenLifetimeSeconds: DAY });

    await expect(trusting({ maxTokenLifetimeSeconds: 30 * DAY }, { revocations })).rejects.toThrow(
      /revocations are deleted before tokens expire/,
    );
  });
});

describe('the claims of a token', () => {
  test.each(['iss', 'aud', 'exp', 'iat'])('must include %s', async (name) => {
    expect(await reasonOf(await trusting(), await make({ [name]: undefined }))).toBe('claim_missing');
  });

  test('may lack sub, client and scope', async () => {
    const token = await make({ sub: undefined, client_id: undefined, scope: undefined });

    expect(await reasonOf(await trusting(), token)).toBe('accepted');
    expect(await reasonOf(await trusting({ requiredClaims: ['sub'] }), token)).toBe('claim_missing');
  });

  test('must not change a prototype', async () => {
    const content = JSON.stringify(externalClaims()).replace('{', '{"__proto__":{"scope":"admin"},');
    const { claims } = await (await trustingShared({ scopes: ['admin'] })).verify(
      await makeShared({}, { content }),
    );

    expect(claims).not.toHaveProperty('scope');
    expect(Object.getPrototypeOf(claims)).toBe(Object.prototype);
  });
});
