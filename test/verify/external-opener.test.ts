import { describe, expect, jest, test } from '@jest/globals';
import { createDecryptionKeys } from '../../src/keys/decryption-keys.js';
import { remoteJwks } from '../../src/keys/remote-jwks.js';
import type { VerificationKeys } from '../../src/keys/verification-keys.js';
import type { TokenVerifier } from '../../src/verify/token-verifier.js';
import { rejectionOf } from '../support/caught.js';
import { makeExternal, signExternal, trustIdp, verifierOf } from '../support/external-tokens.js';
import type { JwkPair } from '../support/key-pairs.js';
import { memoryKeySource } from '../support/memory-key-source.js';
import { reasonOf } from '../support/reason-of.js';
import { NOW } from '../support/tokens.js';
import { decryptionOf, generateKind, generateSignatureKey, verificationOf } from '../support/trusted-keys.js';

const key = generateKind('P-256', 0, 'api');
const signer = generateSignatureKey('ES256', 's1');
const keys = await decryptionOf(key);
const loaded = await verificationOf(signer);
const OTHER = 'https://other.example.com';

const make = (claims: object = {}) => makeExternal({ key, alg: 'ECDH-ES', signer, claims });

/** Verification keys whose calls are counted. A token from the cache causes one, to compare; a new token causes more. */
function watched(): VerificationKeys & { readonly keys: { current: VerificationKeys } } {
  const current = { current: loaded };
  return {
    keys: current,
    find: (kid, alg) => current.current.find(kid, alg),
    exportPublicKeys: () => current.current.exportPublicKeys(),
  };
}

async function useTwice(verifier: TokenVerifier, token: string): Promise<void> {
  for (let use = 0; use < 2; use += 1) expect(await reasonOf(verifier, token)).toBe('accepted');
}

/** Whether a token comes from the cache: the same claims object as the last time. */
async function isFromCache(verifier: TokenVerifier, token: string): Promise<boolean> {
  const [first, second] = [await verifier.verify(token), await verifier.verify(token)];
  return first.header === second.header;
}

describe('the cache of external tokens', () => {
  test('has a token from the second use', async () => {
    const verifier = verifierOf(await trustIdp({ keys, signer: loaded }), { tokenCache: {} });
    const token = await make();
    const headers = [];
    for (let use = 0; use < 4; use += 1) headers.push((await verifier.verify(token)).header);

    expect([headers[0] === headers[1], headers[1] === headers[2], headers[2] === headers[3]]).toEqual([
      false,
      true,
      true,
    ]);
  });

  test('has tokens of each issuer with the public key, although each read the key itself', async () => {
    const otherKeys = await decryptionOf(key);
    const other = await trustIdp({ keys: otherKeys, signer: loaded }, { issuer: OTHER });
    const verifier = verifierOf([await trustIdp({ keys, signer: loaded }), other], { tokenCache: {} });
    const [token, ofOther] = [await make(), await make({ iss: OTHER })];
    await useTwice(verifier, token);
    await useTwice(verifier, ofOther);

    expect(await isFromCache(verifier, token)).toBe(true);
    expect(await isFromCache(verifier, ofOther)).toBe(true);
  });

  test('has no token after its expiry', async () => {
    let now = NOW;
    const verifier = verifierOf(await trustIdp({ keys, signer: loaded }), {
      tokenCache: {},
      clock: () => now,
    });
    const token = await make();
    await useTwice(verifier, token);
    now = NOW + 700;

    expect(await reasonOf(verifier, token)).toBe('expired');
  });

  test('has no token under a key that has expired', async () => {
    let now = NOW;
    const expiring = await createDecryptionKeys({ jwk: key.privateJwk, notAfter: NOW + 60 });
    const trusted = await trustIdp({ keys: expiring, signer: loaded });
    const verifier = verifierOf(trusted, { tokenCache: {}, clock: () => now });
    const token = await make();
    await useTwice(verifier, token);
    now = NOW + 60;

    expect(await reasonOf(verifier, token)).toBe('expired_key');
  });

  test('has no token under a key that was removed', async () => {
    const setOf = (...pairs: readonly JwkPair[]) => ({ keys: pairs.map(({ privateJwk }) => privateJwk) });
    const source = memoryKeySource(setOf(key));
    const followed = await createDecryptionKeys({ source, clock: () => NOW });
    const verifier = verifierOf(await trustIdp({ keys: followed, signer: loaded }), { tokenCache: {} });
    const token = await make();
    await useTwice(verifier, token);
    source.set = setOf(generateKind('P-256', 0, 'next'));
    source.tell();
    await new Promise((resolve) => setImmediate(resolve));

    expect(await reasonOf(verifier, token)).toBe('unknown_key');
    await followed.close();
  });

  test('has no token whose verification key was removed or replaced', async () => {
    const verification = watched();
    const verifier = verifierOf(await trustIdp({ keys, signer: verification }), { tokenCache: {} });
    const token = await make();
    await useTwice(verifier, token);
    verification.keys.current = await verificationOf(generateSignatureKey('ES256', 's1'));
    expect(await reasonOf(verifier, token)).toBe('jws_signature');
    verification.keys.current = await verificationOf(generateSignatureKey('ES256', 's2'));

    expect(await reasonOf(verifier, token)).toBe('jws_unknown_key');
  });

  test('has no token whose verification key has expired', async () => {
    let now = NOW;
    const expiring = { publicJwk: { ...signer.publicJwk, exp: NOW + 60 } };
    const verification = await verificationOf(expiring);
    const trusted = await trustIdp({ keys, signer: verification });
    const verifier = verifierOf(trusted, { tokenCache: {}, clock: () => now });
    const token = await make();
    await useTwice(verifier, token);
    now = NOW + 60;

    expect(await reasonOf(verifier, token)).toBe('jws_expired_key');
  });

  test('has no token without encryption after signedOnly.until', async () => {
    let now = NOW;
    const trusted = await trustIdp({ keys, signer: loaded }, { signedOnly: { until: NOW + 60 } });
    const verifier = verifierOf(trusted, { tokenCache: {}, clock: () => now });
    const token = signExternal(signer);
    await useTwice(verifier, token);
    expect(await isFromCache(verifier, token)).toBe(true);
    now = NOW + 60;

    expect(await reasonOf(verifier, token)).toBe('not_encrypted');
  });

  test('ends no process when the keys of the issuer become unavailable', async () => {
    const unhandled = jest.fn();
    process.on('unhandledRejection', unhandled);
    let isDown = false;
    const verification: VerificationKeys = {
      find: (kid, alg) => (isDown ? Promise.reject(new Error('down')) : loaded.find(kid, alg)),
      exportPublicKeys: () => ({ keys: [] }),
    };
    const verifier = verifierOf(await trustIdp({ keys, signer: verification }), { tokenCache: {} });
    const token = await make();
    await useTwice(verifier, token);
    isDown = true;
    await rejectionOf(verifier.verify(token));
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off('unhandledRejection', unhandled);

    expect(unhandled).not.toHaveBeenCalled();
  });

  test('is not used while custom keys answer later', async () => {
    const verification: VerificationKeys = {
      find: async (kid, alg) => loaded.find(kid, alg),
      exportPublicKeys: () => ({ keys: [] }),
    };
    const verifier = verifierOf(await trustIdp({ keys, signer: verification }), { tokenCache: {} });
    const token = await make();
    await useTwice(verifier, token);

    expect(await isFromCache(verifier, token)).toBe(false);
  });

  test('has tokens whose keys are from the JWK Set of the issuer', async () => {
    const send = jest.fn(async () => Response.json({ keys: [signer.publicJwk] }));
    const verification = remoteJwks({ url: 'https://idp.example.com/jwks', fetch: send, clock: () => NOW });
    const verifier = verifierOf(await trustIdp({ keys, signer: verification }), { tokenCache: {} });
    const token = await make();
    await useTwice(verifier, token);

    expect(await isFromCache(verifier, token)).toBe(true);
    expect(send).toHaveBeenCalledTimes(1);
  });
});
