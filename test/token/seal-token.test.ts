import { describe, expect, test } from '@jest/globals';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import { decryptToken } from '../../src/token/decrypt-token.js';
import { sealToken } from '../../src/token/seal-token.js';
import { rejectionOf } from '../support/caught.js';
import { generateShared } from '../support/key-pairs.js';
import { createParties } from '../support/signed-tokens.js';
import { AUDIENCE, claimsOf, ISSUER, NOW } from '../support/tokens.js';

/** An issuer with a public key to encrypt to, and what the resource server makes of its tokens. */
async function createIssuer() {
  const { issuerRing, serverRing, signing, verificationKeys } = await createParties();
  const verification = new Map([[ISSUER, verificationKeys]]);
  const key = internalsOf(issuerRing).encryptionKey('access', AUDIENCE);
  const open = async (token: string) =>
    decryptToken(token, { keyRing: internalsOf(serverRing), maxTokenLength: 8192, verification }, NOW);
  return { key, signing, open };
}

async function createShared() {
  const keyRing = await createKeyRing({ current: { jwk: generateShared('A256KW') } });
  const key = internalsOf(keyRing).encryptionKey('access', AUDIENCE);
  const open = async (token: string) =>
    decryptToken(
      token,
      { keyRing: internalsOf(keyRing), maxTokenLength: 8192, verification: new Map() },
      NOW,
    );
  return { key, open };
}

describe('a token for a public-key recipient', () => {
  test('is signed first, as both headers state', async () => {
    const { key, signing, open } = await createIssuer();
    const token = await sealToken(claimsOf(), key, { typ: 'at+jwt', header: { tenant: 'a' }, signing });
    const { header, claims, signedHeader } = await open(token);
    expect(claims).toEqual(claimsOf());
    expect(header).toMatchObject({ alg: key.alg, kid: key.kid, typ: 'at+jwt', cty: 'JWT', tenant: 'a' });
    expect(signedHeader).toEqual({ alg: 'EdDSA', kid: 'signer', typ: 'at+jwt' });
  });

  test('is not issued without a signing key', async () => {
    const { key } = await createIssuer();
    expect(await rejectionOf(Promise.resolve(sealToken(claimsOf(), key, { typ: 'at+jwt' })))).toEqual(
      new TypeError(
        'issue: tokens for public-key recipients must be signed: pass signing to createTokenIssuer()',
      ),
    );
  });
});

describe('a token under a shared wrapping key', () => {
  test('has the members of its header and those of the caller, and nests nothing', async () => {
    const { key, open } = await createShared();
    const plain = await open(await sealToken(claimsOf(), key, { typ: 'rt+jwt' }));
    expect(plain.header).toEqual({ alg: 'A256KW', enc: 'A256GCM', kid: 'shared', typ: 'rt+jwt' });
    const options = { typ: 'at+jwt', header: { tenant: 'a' } };
    expect((await open(await sealToken(claimsOf(), key, options))).header).toMatchObject({ tenant: 'a' });
  });

  test.each([
    [
      'a key that only decrypts',
      { encrypts: false },
      {},
      'issue: the key can only decrypt: use a key whose key_ops allow encryption',
    ],
    [
      'a reserved member',
      {},
      { zip: 'DEF' },
      'issue: header must not contain the reserved member zip: remove it',
    ],
    [
      'a header of over 1 KiB',
      {},
      { filler: 'x'.repeat(1024) },
      'issue: verifiers would reject the protected header: correct or shorten the option header',
    ],
  ])('is not issued with %s', async (_what, traits, header, message) => {
    const { key } = await createShared();
    const sealing = Promise.resolve(sealToken(claimsOf(), { ...key, ...traits }, { typ: 'at+jwt', header }));
    expect(await rejectionOf(sealing)).toEqual(new TypeError(message));
  });
});
