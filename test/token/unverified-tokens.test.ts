import { describe, expect, test } from '@jest/globals';
import { CompactEncrypt, importJWK } from 'jose';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import type { KeyRing } from '../../src/keys/key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { decryptToken, isProven } from '../../src/token/decrypt-token.js';
import { sealToken } from '../../src/token/seal-token.js';
import { forgeByExport } from '../support/forged-claims.js';
import { generateShared } from '../support/key-pairs.js';
import { createParties, forgeNested } from '../support/signed-tokens.js';
import { AUDIENCE, claimsOf, createRing, mintToken, NOW } from '../support/tokens.js';

const PARTIES = await createParties();

const read = async (token: string, keyRing: KeyRing) =>
  decryptToken(
    token,
    { keyRing: internalsOf(keyRing), maxTokenLength: 8192, verification: 'unverified' },
    NOW,
  );

const hasProof = (token: string, keyRing: KeyRing) =>
  isProven(token, { keyRing: internalsOf(keyRing), maxTokenLength: 8192, verification: new Map() }, NOW);

describe('decryptToken with verification: unverified', () => {
  test('reads a nested JWS whose signature is not valid', async () => {
    const token = await forgeNested(PARTIES, { alter: (jws) => `${jws.slice(0, -8)}AAAAAAAA` });
    const { claims, signedHeader } = await read(token, PARTIES.serverRing);
    expect(claims).toEqual(claimsOf());
    expect(signedHeader).toMatchObject({ typ: 'at+jwt' });
  });

  test('reads a token that is encrypted to a public key and not signed', async () => {
    const key = internalsOf(PARTIES.serverRing).encryptionKey('access', AUDIENCE);
    const jwk = PARTIES.serverRing.exportPublicKeys().keys[0] ?? {};
    const token = await new CompactEncrypt(Buffer.from(JSON.stringify(claimsOf())))
      .setProtectedHeader({ alg: key.alg, enc: key.enc, kid: key.kid, typ: 'at+jwt' })
      .encrypt(await importJWK(jwk, key.alg));
    expect(await read(token, PARTIES.serverRing)).toMatchObject({ claims: claimsOf() });
  });

  test('still rejects a token that does not decrypt', async () => {
    const token = await forgeNested(PARTIES);
    const altered = `${token.slice(0, -4)}AAAA`;
    await expect(read(altered, PARTIES.serverRing)).rejects.toMatchObject({ reason: 'decryption' });
  });
});

describe('isProven', () => {
  test('is true for the MAC of a derived key and for a nested JWS that was accepted', async () => {
    const ring = await createRing();
    expect(hasProof(mintToken(ring), ring)).toBe(true);
    expect(hasProof(await forgeNested(PARTIES), PARTIES.serverRing)).toBe(true);
  });

  test('is false without a MAC, under a wrapping key, under an unknown key, and for a malformed token', async () => {
    const ring = await createRing();
    const wrapping = await createKeyRing({ current: { jwk: generateShared('A256KW') } });
    const wrapped = await sealToken(claimsOf(), internalsOf(wrapping).encryptionKey('access', AUDIENCE), {
      typ: 'at+jwt',
    });
    expect(hasProof(forgeByExport(ring, AUDIENCE), ring)).toBe(false);
    expect(hasProof(wrapped, wrapping)).toBe(false);
    expect(hasProof(mintToken(await createRing(2)), ring)).toBe(false);
    expect(hasProof('a.b.c', ring)).toBe(false);
  });
});
