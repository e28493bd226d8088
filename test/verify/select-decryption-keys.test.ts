import { describe, expect, test } from '@jest/globals';
import { createDecryptionKeys } from '../../src/keys/decryption-keys.js';
import type { JwkSet } from '../../src/keys/jwk.js';
import { rejectionOf } from '../support/caught.js';
import {
  externalClaims,
  IDP,
  makeExternal,
  signExternal,
  trustIdp,
  verifierOf,
} from '../support/external-tokens.js';
import type { JwkPair } from '../support/key-pairs.js';
import { memoryKeySource } from '../support/memory-key-source.js';
import { reasonOf } from '../support/reason-of.js';
import { NOW } from '../support/tokens.js';
import { decryptionOf, generateKind, generateSignatureKey, verificationOf } from '../support/trusted-keys.js';

const signer = generateSignatureKey('ES256', 's1');
const p256 = generateKind('P-256', 0, 'p256');
const nextP256 = generateKind('P-256', 0, 'p256-next');
const thirdP256 = generateKind('P-256', 0, 'p256-third');
const p384 = generateKind('P-384', 0, 'p384');
const shared = generateKind(32, 1, 'shared');
const otherShared = generateKind(32, 2, 'other-shared');

const nested = (key: JwkPair, header: object = {}) => makeExternal({ key, alg: 'ECDH-ES', header, signer });
const kidless = { kid: undefined };

const trusting = async (keys: readonly JwkPair[], changes: Parameters<typeof trustIdp>[1] = {}) =>
  verifierOf(await trustIdp({ keys: await decryptionOf(...keys), signer }, changes));

describe('a token with a kid', () => {
  test('is decrypted by the key with this kid alone', async () => {
    const verifier = await trusting([p256, nextP256]);

    expect(await reasonOf(verifier, await nested(nextP256))).toBe('accepted');
    expect(await reasonOf(verifier, await nested(nextP256, { kid: 'p256' }))).toBe('decryption');
    expect(await reasonOf(verifier, await nested(nextP256, { kid: 'P256-NEXT' }))).toBe('unknown_key');
  });

  test.each([[''], [7], [null], [['p256']]])('must have a string as kid, not %j', async (kid) => {
    expect(await reasonOf(await trusting([p256]), await nested(p256, { kid }))).toBe('header_invalid_member');
  });

  test('may share it with a key of another type', async () => {
    const own = { ...shared.privateJwk, kid: 'p256' };
    const decryption = await createDecryptionKeys({ jwk: own });
    const other = await trustIdp({ keys: decryption }, { issuer: 'https://other.example.com' });
    const verifier = verifierOf([await trustIdp({ keys: p256, signer }), other]);
    const direct = { key: shared, alg: 'dir', header: { kid: 'p256' } };
    const claims = { iss: 'https://other.example.com' };

    expect(await reasonOf(verifier, await nested(p256))).toBe('accepted');
    expect(await reasonOf(verifier, await makeExternal({ ...direct, claims }))).toBe('accepted');
  });
});

describe('a token without kid', () => {
  test('is decrypted by the only key that fits its algorithm and curve', async () => {
    const verifier = await trusting([p256, p384]);

    expect(await reasonOf(verifier, await nested(p256, kidless))).toBe('accepted');
    expect(await reasonOf(verifier, await nested(p384, kidless))).toBe('accepted');
    expect(await reasonOf(await trusting([p384]), await nested(p256, kidless))).toBe('algorithm');
  });

  test('is rejected if several keys fit', async () => {
    expect(await reasonOf(await trusting([p256, nextP256]), await nested(p256, kidless))).toBe(
      'ambiguous_key',
    );
  });

  test('may match two keys with kidlessRotation, but not three', async () => {
    const two = await trusting([nextP256, p256], { kidlessRotation: true });
    const three = await trusting([thirdP256, nextP256, p256], { kidlessRotation: true });

    expect(await reasonOf(two, await nested(p256, kidless))).toBe('accepted');
    expect(await reasonOf(two, await nested(nextP256, kidless))).toBe('accepted');
    expect(await reasonOf(two, await nested(thirdP256, kidless))).toBe('decryption');
    expect(await reasonOf(three, await nested(p256, kidless))).toBe('ambiguous_key');
  });

  test('may not match two shared keys, even with kidlessRotation', async () => {
    const keys = await decryptionOf(shared, otherShared);
    const verifier = verifierOf(await trustIdp({ keys }, { kidlessRotation: true }));

    expect(await reasonOf(verifier, await makeExternal({ key: shared, alg: 'dir', header: kidless }))).toBe(
      'ambiguous_key',
    );
  });

  test('may not match keys of an issuer without kidlessRotation', async () => {
    const rotating = await trustIdp({ keys: p256, signer }, { kidlessRotation: true });
    const other = await trustIdp({ keys: nextP256, signer }, { issuer: 'https://other.example.com' });

    expect(await reasonOf(verifierOf([rotating, other]), await nested(p256, kidless))).toBe('ambiguous_key');
  });

  test('may not match a key that an issuer without kidlessRotation has too', async () => {
    const keys = await decryptionOf(nextP256, p256);
    const rotating = await trustIdp({ keys, signer }, { kidlessRotation: true });
    const other = await trustIdp({ keys, signer }, { issuer: 'https://other.example.com' });

    expect(await reasonOf(verifierOf([rotating, other]), await nested(p256, kidless))).toBe('ambiguous_key');
  });

  test('matches only live keys', async () => {
    const previous = { jwk: p256.privateJwk, notAfter: NOW };
    const keys = await createDecryptionKeys([{ jwk: nextP256.privateJwk }, previous]);
    const verifier = verifierOf(await trustIdp({ keys, signer }));

    expect(await reasonOf(verifier, await nested(nextP256, kidless))).toBe('accepted');
  });
});

describe('the key of a token', () => {
  test('decrypts until it expires', async () => {
    const keys = await createDecryptionKeys({ jwk: p256.privateJwk, notAfter: NOW });
    const trusted = await trustIdp({ keys, signer });
    const token = await makeExternal({ key: p256, alg: 'ECDH-ES', signer, claims: { iat: NOW - 1 } });

    expect(await reasonOf(verifierOf(trusted, { clock: () => NOW - 0.5 }), token)).toBe('accepted');
    expect(await reasonOf(verifierOf(trusted), token)).toBe('expired_key');
  });

  test('decrypts with its own alg and enc alone, if it has them', async () => {
    const pinned = { jwk: p256.privateJwk, alg: 'ECDH-ES+A256KW', enc: 'A128GCM' } as const;
    const verifier = verifierOf(await trustIdp({ keys: await createDecryptionKeys(pinned), signer }));
    const token = (alg: string, enc: string) => makeExternal({ key: p256, alg, enc, signer });

    expect(await reasonOf(verifier, await token('ECDH-ES+A256KW', 'A128GCM'))).toBe('accepted');
    expect(await reasonOf(verifier, await token('ECDH-ES', 'A128GCM'))).toBe('algorithm');
    expect(await reasonOf(verifier, await token('ECDH-ES+A256KW', 'A256GCM'))).toBe('algorithm');
  });

  test('decrypts with the algorithms of its issuer alone', async () => {
    const verifier = await trusting([p256]);
    const cbc = await makeExternal({ key: p256, alg: 'ECDH-ES', enc: 'A256CBC-HS512', signer });
    const weak = await makeExternal({ key: p256, alg: 'ECDH-ES+A128KW', signer });

    expect(await reasonOf(verifier, cbc)).toBe('algorithm');
    expect(await reasonOf(verifier, weak)).toBe('algorithm');
  });

  test.each(['RSA1_5', 'PBES2-HS256+A128KW', 'A256GCMKW', 'none', 'DIR', '__proto__', 'constructor'])(
    'decrypts nothing with the algorithm %s',
    async (alg) => {
      const header = Buffer.from(JSON.stringify({ alg, enc: 'A256GCM', kid: 'p256' })).toString('base64url');
      const verifier = await trusting([p256]);

      expect(await reasonOf(verifier, `${header}.AAAA.AAAA.AAAA.AAAA`)).toBe('algorithm');
    },
  );
});

describe('an issuer with the public key of another one', () => {
  const other = 'https://other.example.com';
  const otherSigner = generateSignatureKey('ES256', 's2');
  const ofOther = (header: object = {}) =>
    makeExternal({ key: p256, alg: 'ECDH-ES', header, signer: otherSigner, claims: { iss: other } });

  const trustBoth = async (first: Parameters<typeof createDecryptionKeys>[0], options = {}) =>
    verifierOf([
      await trustIdp({ keys: await createDecryptionKeys(first), signer }),
      await trustIdp(
        { keys: await createDecryptionKeys({ jwk: p256.privateJwk }), signer: otherSigner },
        { issuer: other, ...options },
      ),
    ]);

  test('does not depend on the expiry of the key at the other issuer', async () => {
    const verifier = await trustBoth({ jwk: p256.privateJwk, notAfter: NOW });

    expect(await reasonOf(verifier, await ofOther())).toBe('accepted');
    expect(await reasonOf(verifier, await nested(p256))).toBe('wrong_issuer');
  });

  test('does not depend on the algorithms of the key at the other issuer', async () => {
    const verifier = await trustBoth({ jwk: p256.privateJwk, alg: 'ECDH-ES+A256KW' });

    expect(await reasonOf(verifier, await ofOther())).toBe('accepted');
    expect(await reasonOf(verifier, await nested(p256))).toBe('wrong_issuer');
  });

  test('may use only its own algorithms', async () => {
    const verifier = await trustBoth(
      { jwk: p256.privateJwk },
      { keyManagementAlgorithms: ['ECDH-ES+A256KW'] },
    );

    expect(await reasonOf(verifier, await ofOther())).toBe('wrong_issuer');
    expect(await reasonOf(verifier, await nested(p256))).toBe('accepted');
  });

  test('needs no kid for the shared key', async () => {
    expect(await reasonOf(await trustBoth({ jwk: p256.privateJwk }), await ofOther({ kid: undefined }))).toBe(
      'accepted',
    );
  });
});

describe('a token with an unknown kid', () => {
  const setOf = (...keys: readonly JwkPair[]): JwkSet => ({ keys: keys.map(({ privateJwk }) => privateJwk) });
  const follow = async (source: ReturnType<typeof memoryKeySource>, clock = () => NOW) =>
    createDecryptionKeys({ source, clock, reloadSeconds: 1_000_000 });

  test('causes one reload, and is decrypted by a new key', async () => {
    let now = NOW;
    const source = memoryKeySource(setOf(p256));
    const keys = await follow(source, () => now);
    const verifier = verifierOf(await trustIdp({ keys, signer }));
    source.set = setOf(nextP256, p256);
    now += 11;

    expect(await reasonOf(verifier, await nested(nextP256))).toBe('accepted');
    expect(await reasonOf(verifier, await nested(p256, { kid: 'unknown' }))).toBe('unknown_key');
    expect(source.loads).toBe(2);
    await keys.close();
  });

  test('is not rejected while the source of the keys is unavailable', async () => {
    let now = NOW;
    const source = memoryKeySource(setOf(p256));
    const keys = await follow(source, () => now);
    const verifier = verifierOf(await trustIdp({ keys, signer }));
    source.failure = new Error('down');
    now += 11;

    expect(await rejectionOf(verifier.verify(await nested(nextP256)))).toMatchObject({ status: 503 });
    expect(await rejectionOf(verifier.verify(await nested(nextP256)))).toMatchObject({ status: 503 });
    expect(await reasonOf(verifier, await nested(p256))).toBe('accepted');
    await keys.close();
  });

  test('is decrypted by a new key although the source of another issuer is unavailable', async () => {
    let now = NOW;
    const [source, down] = [memoryKeySource(setOf(p256)), memoryKeySource(setOf(p384))];
    const keys = await follow(source, () => now);
    const otherKeys = await follow(down, () => now);
    const other = await trustIdp({ keys: otherKeys, signer }, { issuer: 'https://other.example.com' });
    const verifier = verifierOf([other, await trustIdp({ keys, signer })]);
    source.set = setOf(nextP256, p256);
    down.failure = new Error('down');
    now += 11;

    expect(await reasonOf(verifier, await nested(nextP256))).toBe('accepted');
    await Promise.all([keys.close(), otherKeys.close()]);
  });

  test('is rejected if the reload gives two issuers one shared key', async () => {
    let now = NOW;
    const source = memoryKeySource(setOf(otherShared));
    const keys = await follow(source, () => now);
    const other = await trustIdp({ keys }, { issuer: 'https://other.example.com' });
    const verifier = verifierOf([await trustIdp({ keys: shared }), other]);
    source.set = setOf(otherShared, shared);
    now += 11;
    const token = await makeExternal({ key: shared, alg: 'dir' });
    await reasonOf(verifier, await makeExternal({ key: shared, alg: 'dir', header: { kid: 'unknown' } }));

    expect(await reasonOf(verifier, token)).toBe('ambiguous_key');
    const named = await makeExternal({ key: shared, alg: 'dir', header: { iss: IDP } });
    expect(await reasonOf(verifier, named)).toBe('ambiguous_key');
    await keys.close();
  });

  test('is rejected if the reload gives two keys one kid, even with kidlessRotation', async () => {
    let now = NOW;
    const source = memoryKeySource(setOf(thirdP256));
    const keys = await follow(source, () => now);
    const rotating = { kidlessRotation: true };
    const other = await trustIdp({ keys, signer }, { ...rotating, issuer: 'https://other.example.com' });
    const verifier = verifierOf([await trustIdp({ keys: p256, signer }, rotating), other]);
    source.set = setOf({ ...nextP256, privateJwk: { ...nextP256.privateJwk, kid: 'p256' } });
    now += 11;

    expect(await reasonOf(verifier, await nested(p256, { kid: 'unknown' }))).toBe('unknown_key');
    expect(await reasonOf(verifier, await nested(p256))).toBe('ambiguous_key');
    await keys.close();
  });

  test('never causes a private key to authenticate claims without a nested JWS', async () => {
    let now = NOW;
    const source = memoryKeySource(setOf(shared));
    const keys = await follow(source, () => now);
    const verifier = verifierOf(await trustIdp({ keys }));
    source.set = setOf(shared, p256);
    now += 11;
    const claims = JSON.stringify(externalClaims());
    const bare = await makeExternal({ key: p256, alg: 'ECDH-ES', content: claims });

    expect(await reasonOf(verifier, await makeExternal({ key: shared, alg: 'dir' }))).toBe('accepted');
    expect(await reasonOf(verifier, bare)).toBe('not_signed');
    expect(await reasonOf(verifier, await nested(p256))).toBe('content_type');
    await keys.close();
  });
});

describe('verification', () => {
  test('must be keys if it is a function, so that no token remains unverified', async () => {
    const verifications = [() => undefined, async () => verificationOf(signer)];
    for (const verification of verifications) {
      const changes = JSON.parse('{}');
      changes.verification = verification;
      const trusted = await trustIdp({ keys: shared }, changes);

      expect(() => verifierOf(trusted)).toThrow(/verification must return VerificationKeys, not a promise/);
    }
  });

  test('requires a nested JWS also under a shared key', async () => {
    const verifier = verifierOf(await trustIdp({ keys: shared, signer }));
    const jws = signExternal(signer);

    expect(await reasonOf(verifier, await makeExternal({ key: shared, alg: 'dir' }))).toBe('not_signed');
    expect(await reasonOf(verifier, await makeExternal({ key: shared, alg: 'dir', content: jws }))).toBe(
      'accepted',
    );
  });
});
