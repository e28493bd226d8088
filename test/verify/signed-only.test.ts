import { describe, expect, test } from '@jest/globals';
import type { TrustedIssuerOptions } from '../../src/verify/trusted-issuer-options.js';
import { makeExternal, signExternal, trustIdp, verifierOf } from '../support/external-tokens.js';
import { reasonOf } from '../support/reason-of.js';
import { AUDIENCE, createRing, ISSUER, mintToken, NOW } from '../support/tokens.js';
import { decryptionOf, generateKind, generateSignatureKey } from '../support/trusted-keys.js';

const key = generateKind('P-256', 0, 'api');
const signer = generateSignatureKey('ES256', 's1');
const otherSigner = generateSignatureKey('ES256', 's1');
const keys = await decryptionOf(key);
const UNTIL = NOW + 60;
const DAY = 86_400;
const OTHER = 'https://other.example.com';

const trusting = (changes: Partial<TrustedIssuerOptions> = {}) =>
  trustIdp({ keys, signer }, { signedOnly: { until: UNTIL }, ...changes });

describe('signedOnly', () => {
  test('accepts a token without encryption before its time, and none from then on', async () => {
    const trusted = await trusting();
    const token = signExternal(signer);

    expect(await reasonOf(verifierOf(trusted), token)).toBe('accepted');
    expect(await reasonOf(verifierOf(trusted, { clock: () => UNTIL - 1 }), token)).toBe('accepted');
    expect(await reasonOf(verifierOf(trusted, { clock: () => UNTIL }), token)).toBe('not_encrypted');
  });

  test('is off by default, also for other issuers', async () => {
    const token = signExternal(signer);
    const other = await trustIdp({ keys, signer }, { issuer: OTHER });

    expect(await reasonOf(verifierOf(await trustIdp({ keys, signer })), token)).toBe('segment_count');
    expect(
      await reasonOf(verifierOf([await trusting(), other]), signExternal(signer, { claims: { iss: OTHER } })),
    ).toBe('not_encrypted');
  });

  test('accepts encrypted tokens too', async () => {
    const verifier = verifierOf(await trusting());

    expect(await reasonOf(verifier, await makeExternal({ key, alg: 'ECDH-ES', signer }))).toBe('accepted');
  });

  test('gives the token the same identity with and without encryption', async () => {
    const verifier = verifierOf(await trusting());
    const content = signExternal(signer, { claims: { jti: undefined } });
    const encrypted = await makeExternal({ key, alg: 'ECDH-ES', content });
    const [one, other] = await Promise.all([content, encrypted].map((token) => verifier.verify(token)));

    expect(one?.claims.jti).toBe(other?.claims.jti);
    expect(one?.type).toBe('external');
  });

  test('accepts no wrong signature, and no unsecured token', async () => {
    const verifier = verifierOf(await trusting());
    const [header, payload] = signExternal(signer).split('.');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');

    expect(await reasonOf(verifier, signExternal(otherSigner))).toBe('jws_signature');
    expect(await reasonOf(verifier, `${header}.${payload}.`)).toBe('jws_signature');
    expect(await reasonOf(verifier, `${none}.${payload}.`)).toBe('jws_algorithm');
    expect(await reasonOf(verifier, `${header}.${payload}`)).toBe('segment_count');
    expect(await reasonOf(verifier, `${signExternal(signer)}é`)).toBe('not_base64url');
  });

  test.each([{ nonce: 'n' }, { at_hash: 'a' }, { c_hash: 'c' }])(
    'accepts no ID token with %j',
    async (claims) => {
      const verifier = verifierOf(await trusting({ typ: [null, 'JWT', 'at+jwt'] }));
      for (const typ of ['at+jwt', 'JWT', undefined]) {
        expect(await reasonOf(verifier, signExternal(signer, { claims, signedHeader: { typ } }))).toBe(
          'id_token',
        );
      }
    },
  );

  test('checks typ, audience and times as for encrypted tokens', async () => {
    const verifier = verifierOf(await trusting());
    const reasonFor = (parts: Parameters<typeof signExternal>[1]) =>
      reasonOf(verifier, signExternal(signer, parts));

    expect(await reasonFor({ signedHeader: { typ: 'JWT' } })).toBe('wrong_typ');
    expect(await reasonFor({ signedHeader: { crit: ['exp'] } })).toBe('jws_refused_member');
    expect(await reasonFor({ claims: { aud: OTHER } })).toBe('wrong_audience');
    expect(await reasonFor({ claims: { iat: NOW - 900, exp: NOW - 300 } })).toBe('expired');
    expect(await reasonFor({ claims: { iss: undefined } })).toBe('claim_missing');
  });

  test('accepts no token that claims a home issuer, and no home token without encryption', async () => {
    const keyRing = await createRing();
    const home = { keyRing, issuer: ISSUER, audience: AUDIENCE };
    const verifier = verifierOf(await trusting({ issuer: (issuer) => issuer !== '' }), home);

    expect(await reasonOf(verifier, signExternal(signer, { claims: { iss: ISSUER } }))).toBe('wrong_issuer');
    expect(await reasonOf(verifier, mintToken(keyRing))).toBe('accepted');
  });

  test('limits the length of the token', async () => {
    const verifier = verifierOf(await trusting(), { maxTokenLength: 400 });

    expect(await reasonOf(verifier, signExternal(signer, { claims: { note: 'a'.repeat(400) } }))).toBe(
      'too_long',
    );
  });

  test('is at most 180 days ahead of the clock of the verifier', async () => {
    const latest = NOW + 180 * DAY;

    const far = await trusting({ signedOnly: { until: latest + 1 } });
    expect(() => verifierOf(far)).toThrow(/signedOnly.until must be at most 180 days ahead/);
    const near = await trusting({ signedOnly: { until: latest } });
    expect(await reasonOf(verifierOf(near), signExternal(signer))).toBe('accepted');
  });

  test('requires verification keys', async () => {
    await expect(
      trustIdp({ keys: generateKind(32, 1, 'shared') }, { signedOnly: { until: UNTIL } }),
    ).rejects.toThrow(/signedOnly requires verification/);
  });
});
