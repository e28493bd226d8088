import { expect, test } from '@jest/globals';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { createLegacyKey } from '../../src/keys/create-legacy-key.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { createIssuerAndVerifier } from '../support/issuer-and-verifier.js';
import {
  LEGACY,
  LEGACY_CLAIMS,
  LEGACY_HEADER,
  LEGACY_KEY_HEX,
  LEGACY_PASSPHRASE,
  LEGACY_TOKENS,
} from '../support/legacy-tokens.js';
import { describeWithPython, runPython } from '../support/python.js';
import { AUDIENCE, claimsOf, clock, createRing, ISSUER, mintToken, secretOf } from '../support/tokens.js';

const claims = Object.values(LEGACY_CLAIMS);

async function serviceOf(passphrase: string) {
  const key = await createLegacyKey({ passphrase, derivation: 'dsp-ai-platform' });
  const keyRing = await createRing();
  const options = { keyRing, issuer: ISSUER, audience: AUDIENCE, scopeClaim: 'permissions', clock };
  return createIssuerAndVerifier({ ...options, legacy: { ...LEGACY, key } });
}

describeWithPython('tokens that Python writes now', () => {
  test('are read like the recorded ones, by a key that Python derived', async () => {
    const written = await runPython('write-legacy-tokens.py', { passphrase: LEGACY_PASSPHRASE, claims });
    const service = await serviceOf(LEGACY_PASSPHRASE);
    const reading = (token: string) =>
      service.verify(token).then(
        // Where a token says no jti, its digest is one.
        ({ claims: { jti: _, ...claims }, type, scope }) => ({ type, scope, claims }),
        ({ reason }) => reason,
      );
    const ofRecorded = await Promise.all(Object.values(LEGACY_TOKENS).map(reading));

    expect(written.key).toBe(LEGACY_KEY_HEX);
    expect(ofRecorded.filter((verdict) => typeof verdict === 'string')).toHaveLength(2);
    expect(await Promise.all(written.jose.map(reading))).toEqual(ofRecorded);
    expect(await Promise.all(written.jwcrypto.map(reading))).toEqual(ofRecorded);
  });

  test('have the legacy header, and IVs of 128 bits only from python-jose', async () => {
    const written = await runPython('write-legacy-tokens.py', { passphrase: LEGACY_PASSPHRASE, claims });
    const shapesOf = (tokens: readonly string[]) => [
      ...new Set(
        tokens.map((token) => {
          const [header = '', encryptedKey, iv = ''] = token.split('.');
          const ivBytes = Buffer.from(iv, 'base64url').length;
          return `${Buffer.from(header, 'base64url')} [${encryptedKey}] ${ivBytes}`;
        }),
      ),
    ];

    expect(shapesOf(written.jose)).toEqual([`${LEGACY_HEADER} [] 16`]);
    expect(shapesOf(written.jwcrypto)).toEqual([`${LEGACY_HEADER} [] 12`]);
    expect(shapesOf(Object.values(LEGACY_TOKENS))).toEqual([`${LEGACY_HEADER} [] 16`]);
  });

  test('are decrypted with the key itself, if the passphrase is too short for us', async () => {
    const passphrase = 'dsp-ai-platform';
    const written = await runPython('write-legacy-tokens.py', { passphrase, claims: [LEGACY_CLAIMS.models] });
    const key = await createLegacyKey({ secret: written.key });
    const service = createIssuerAndVerifier({
      keyRing: await createRing(),
      issuer: ISSUER,
      audience: AUDIENCE,
      clock,
      legacy: { ...LEGACY, key },
    });

    await expect(serviceOf(passphrase)).rejects.toThrow('16 characters');
    expect(await service.verify(written.jose[0])).toMatchObject({ claims: LEGACY_CLAIMS.models });
  });
});

/** What other libraries read: the proof of issuance is a claim to them. */
const provenClaims = (claims: Record<string, unknown> = {}) => ({
  ...claimsOf(claims),
  provenance: expect.stringMatching(/^[\w-]{43}$/),
});

describeWithPython('tokens that we issue', () => {
  test('are read by python-jose and jwcrypto with the keys of their audience', async () => {
    const ring = await createRing();
    const note = { note: 'Zoë 😀' };
    const token = mintToken(ring, { claims: note, header: { tenant: 'acme' } });
    const read = await runPython('read-tokens.py', { jwks: ring.exportAccessKeys(AUDIENCE), token });

    expect(read).toEqual({ jose: provenClaims(note), jwcrypto: provenClaims(note) });
  });

  test('are read by both after a change of keys', async () => {
    const token = mintToken(await createRing(1));
    const ring = await createKeyRing({
      current: { secret: secretOf(2) },
      previous: [{ secret: secretOf(1), notAfter: 2_000_000_000 }],
    });
    const read = await runPython('read-tokens.py', { jwks: ring.exportAccessKeys(AUDIENCE), token });

    expect(read).toEqual({ jose: provenClaims(), jwcrypto: provenClaims() });
  });

  test('are read by neither with the keys of another audience', async () => {
    const ring = await createRing();
    const [other] = ring.exportAccessKeys('https://other.example.com').keys;
    const { kid } = internalsOf(ring).encryptionKey('access', AUDIENCE);
    const jwks = { keys: [{ ...other, kid }] };
    const read = await runPython('read-tokens.py', { jwks, token: mintToken(ring) });

    expect(read).toEqual({ jose: 'JWEError', jwcrypto: 'InvalidJWEData' });
  });
});
