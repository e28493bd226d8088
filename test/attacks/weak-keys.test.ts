import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { CompactEncrypt, importJWK } from 'jose';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { createSigningKey } from '../../src/keys/create-signing-key.js';
import type { Jwk } from '../../src/keys/jwk.js';
import { remoteJwks } from '../../src/keys/remote-jwks.js';
import { createVerificationKeys } from '../../src/keys/verification-keys.js';
import { type AttackTarget, refusedAs, startTarget } from '../support/attack-target.js';
import { failuresOf } from '../support/failures-of.js';
import { type JwksServer, startJwksServer } from '../support/jwks-server.js';
import { generateRecipient, generateSigner } from '../support/key-pairs.js';
import { encodeInteger, modulusOf, primeFrom, primeOf, rocaPrime, rsaJwk } from '../support/rsa-numbers.js';
import { AUDIENCE, claimsOf, clock, ISSUER, secretOf } from '../support/tokens.js';
import { IDENTITY, NON_CANONICAL_SPELLINGS, OFF_CURVE, SMALL_ORDER } from '../support/weak-points.js';

// An issuer that publishes a weak key lets everybody sign in its name: with a point of small order as the key, some
// signature verifies that nobody made; a modulus of a known form is factored by whoever reads it.

const encode = (text: string | Uint8Array) => Buffer.from(text).toString('base64url');
const ed25519 = (x: Uint8Array): Jwk => ({
  kty: 'OKP',
  crv: 'Ed25519',
  kid: 'weak',
  alg: 'EdDSA',
  x: encode(x),
});
const rsa = (n: bigint): Jwk => ({ kty: 'RSA', kid: 'weak', alg: 'RS256', n: encodeInteger(n), e: 'AQAB' });

/** The JWS of no signer: R is the identity, S zero. Node.js 20 verifies it under the identity, whatever was signed. */
function forgeJws(header: string, claims: Readonly<Record<string, unknown>>): string {
  const signature = Buffer.concat([IDENTITY, Buffer.alloc(32)]);
  return [header, JSON.stringify(claims), signature].map(encode).join('.');
}

const FORGED = forgeJws(
  '{"alg":"EdDSA","kid":"weak","typ":"at+jwt"}',
  claimsOf({ scope: 'admin', permissions: ['admin'] }),
);

const WEAK: readonly (readonly [name: string, jwk: Jwk])[] = [
  ...SMALL_ORDER.map(([order, name, x]) => [`Ed25519 of order ${order}: ${name}`, ed25519(x)] as const),
  ...NON_CANONICAL_SPELLINGS.map(([name, x]) => [`Ed25519 with ${name}`, ed25519(x)] as const),
  ...OFF_CURVE.map(([name, x]) => [`Ed25519 off the curve: y = ${name}`, ed25519(x)] as const),
  ['RSA with an even modulus', rsa(modulusOf(2048) - 1n)],
  ['RSA with a small factor', rsa(modulusOf(2040) * 251n)],
  ['RSA with a square', rsa(primeOf(1024) ** 2n)],
  ['RSA with one prime', rsa(primeOf(2048))],
  ['RSA with close primes', rsa(closeProduct())],
  ['RSA next to a power of two', rsa(primeFrom(2n ** 1023n) * primeFrom(2n ** 1024n - 2000n))],
  ['RSA of the ROCA form', rsa(rocaPrime(1024, 126) * rocaPrime(1024, 126))],
  ['RSA with oth', { ...generateSigner('RS256', { kid: 'weak' }).publicJwk, oth: [] }],
  ['RSA with a prime, though public', withPrime()],
  ['P-256 with a padded x', padded(generateSigner('ES256', { kid: 'weak' }).publicJwk, 'x')],
  ['RSA with a padded e', padded(generateSigner('PS256', { kid: 'weak' }).publicJwk, 'e')],
];

function closeProduct(): bigint {
  const p = primeOf(1024);
  return p * primeFrom(p + 2n ** 500n);
}

function withPrime(): Jwk {
  const { d: _d, ...jwk } = rsaJwk(primeOf(1024), primeOf(1024), { kid: 'weak', alg: 'RS256' });
  return jwk;
}

function padded(jwk: Jwk, member: string): Jwk {
  return { ...jwk, [member]: `${jwk[member]}=` };
}

describe('a weak key of an issuer', () => {
  const sound = generateSigner('EdDSA', { kid: 'sound' }).publicJwk;
  let server: JwksServer;

  beforeEach(async () => {
    server = await startJwksServer();
  });
  afterEach(() => server.stop());

  test('is rejected by createVerificationKeys()', async () => {
    const failures = await failuresOf(WEAK, async ([_name, jwk]) => {
      await expect(createVerificationKeys({ jwk })).rejects.toThrow(
        /^createVerificationKeys: jwk: the JWK is not a valid/,
      );
      await expect(createVerificationKeys({ jwks: { keys: [sound, jwk] } })).rejects.toThrow(
        /^createVerificationKeys: jwks: keys\[1\]: the JWK is not a valid/,
      );
    });

    expect(failures).toEqual([]);
  });

  test('is skipped in a remote set, and the others are used', async () => {
    const failures = await failuresOf(WEAK, async ([_name, jwk]) => {
      server.publish([jwk, sound]);
      const keys = remoteJwks({ url: server.url });
      expect(await keys.find('weak', 'EdDSA')).toBeUndefined();
      expect(await keys.find('sound', 'EdDSA')).toMatchObject({ alg: 'EdDSA' });
      expect(keys.exportPublicKeys()).toEqual({ keys: [{ ...sound, use: 'sig' }] });
    });

    expect(failures).toEqual([]);
  });
});

describe('an unsigned token, for an issuer whose key is the identity', () => {
  let server: JwksServer;
  let target: AttackTarget;
  let token: string;

  beforeEach(async () => {
    const recipient = generateRecipient('ECDH-ES', {}, 'X25519');
    server = await startJwksServer([ed25519(IDENTITY)]);
    target = await startTarget({
      keyRing: await createKeyRing({ current: { jwk: recipient.privateJwk } }),
      verification: { [ISSUER]: remoteJwks({ url: server.url, clock }) },
    });
    token = await new CompactEncrypt(Buffer.from(FORGED))
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: 'recipient', typ: 'at+jwt', cty: 'JWT' })
      .encrypt(await importJWK(recipient.publicJwk));
  });
  afterEach(async () => {
    await target.close();
    await server.stop();
  });

  test('is rejected, with its scope admin', async () => {
    expect(await target.present(token)).toMatchObject(refusedAs('jws_unknown_key'));
    expect(server.requests()).toBe(1);
  });
});

describe('a weak key of our own', () => {
  const members = { kid: 'weak', alg: 'RSA-OAEP-256' };
  const roca = rsaJwk(rocaPrime(1024, 126), rocaPrime(1024, 126), members);
  const current = { secret: secretOf(1) };

  test('is rejected as the current key of a ring', async () => {
    await expect(createKeyRing({ current: { jwk: roca } })).rejects.toThrow(/ROCA/);
  });

  test('is rejected as a previous key of a ring', async () => {
    await expect(createKeyRing({ current, previous: [{ jwk: roca }] })).rejects.toThrow(/ROCA/);
  });

  test('is rejected as a recipient', async () => {
    const { kty, n, e } = roca;
    const recipients = { [AUDIENCE]: { jwk: { ...members, kty, n, e } } };
    await expect(createKeyRing({ current, recipients })).rejects.toThrow(/ROCA/);
  });

  test('is rejected as a signing key', async () => {
    await expect(createSigningKey({ jwk: { ...roca, alg: 'PS256' } })).rejects.toThrow(/ROCA/);
  });
});
