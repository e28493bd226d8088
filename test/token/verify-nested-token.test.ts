import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { TemporarilyUnavailableError } from '../../src/base/errors.js';
import type { TokenRejection } from '../../src/base/rejections.js';
import { internalsOf } from '../../src/keys/key-ring-internals.js';
import type { Verification } from '../../src/keys/resolve-verification.js';
import { createVerificationKeys, type VerificationKeys } from '../../src/keys/verification-keys.js';
import { decryptToken } from '../../src/token/decrypt-token.js';
import { isDeeplyFrozen } from '../support/deeply-frozen.js';
import { generateRecipient, generateSigner } from '../support/key-pairs.js';
import {
  createParties,
  forgeNested,
  type NestedParts,
  type Parties,
  signText,
} from '../support/signed-tokens.js';
import { claimsOf, ISSUER, NOW } from '../support/tokens.js';
import { verdictOn } from '../support/verdicts.js';

const OTHER_ISSUER = 'https://other.example.com';

let parties: Parties;
let verification: Verification;
let otherSigner: ReturnType<typeof generateSigner>;

beforeAll(async () => {
  parties = await createParties();
  otherSigner = generateSigner('EdDSA', { kid: 'other' });
  verification = new Map<string, VerificationKeys>([
    [ISSUER, parties.verificationKeys],
    [OTHER_ISSUER, await createVerificationKeys({ jwk: otherSigner.publicJwk })],
  ]);
});

async function verdictOnNested(parts: NestedParts) {
  return verdictOn(await forgeNested(parties, parts), parties.serverRing, { verification });
}

describe('a nested token', () => {
  test('is opened and verified, and is frozen at every level', async () => {
    const token = await forgeNested(parties, { signedHeader: { extra: [{}] } });
    const opened = await decryptToken(
      token,
      { keyRing: internalsOf(parties.serverRing), maxTokenLength: 8192, verification },
      NOW,
    );
    expect(opened.claims).toEqual(claimsOf());
    expect(opened.signedHeader).toEqual({ alg: 'EdDSA', kid: 'signer', typ: 'at+jwt', extra: [{}] });
    expect(opened.header).toMatchObject({ alg: 'ECDH-ES', cty: 'JWT' });
    expect(
      [opened, opened.claims, opened.signedHeader, opened.header].map((each) => Object.isFrozen(each)),
    ).toEqual([true, true, true, true]);
    expect(isDeeplyFrozen(opened.claims)).toBe(true);
  });

  test.each(['EdDSA', 'ES256', 'PS256', 'RS256'] as const)('may be signed by %s', async (alg) => {
    const signer = generateSigner(alg);
    const keys = await createVerificationKeys({ jwk: signer.publicJwk });
    const token = await forgeNested({ ...parties, signer });
    expect(await verdictOn(token, parties.serverRing, { verification: new Map([[ISSUER, keys]]) })).toBe(
      'accepted',
    );
  });

  test.each(['jwt', 'application/jwt', 'JWT'])('may have cty %s', async (cty) => {
    expect(await verdictOnNested({ header: { cty } })).toBe('accepted');
  });
});

test('a nested token may have members with names similar to forbidden ones', async () => {
  const signedHeader = { critical: 1, uncrit: 1, zipped: 1, ax5t: 1, Cty: 1 };
  expect(await verdictOnNested({ signedHeader })).toBe('accepted');
});

describe('a token that is encrypted to a public key', () => {
  test('is rejected without a nested JWS', async () => {
    expect(await verdictOnNested({ header: { cty: undefined } })).toBe('not_signed');
    const alter = () => JSON.stringify(claimsOf());
    expect(await verdictOnNested({ header: { cty: undefined }, alter })).toBe('not_signed');
  });

  test('is rejected with claims instead of the JWS', async () => {
    expect(await verdictOnNested({ alter: () => JSON.stringify(claimsOf()) })).toBe('jws_malformed');
  });

  test('is rejected if there are no verification keys', async () => {
    expect(await verdictOn(await forgeNested(parties), parties.serverRing)).toBe('content_type');
  });

  test('is rejected if the recipient has only the public key', async () => {
    const token = await forgeNested(parties);
    expect(await verdictOn(token, parties.issuerRing, { verification })).toBe('encryption_only');
  });
});

describe('the JWS is rejected', () => {
  const withoutSignature = (jws: string) => jws.replace(/[^.]*$/, '');

  test.each<[string, NestedParts, TokenRejection]>([
    ['with alg none', { signedHeader: { alg: 'none' }, alter: withoutSignature }, 'jws_algorithm'],
    ['with an empty signature', { alter: withoutSignature }, 'jws_signature'],
    ['with a cut signature', { alter: (jws) => jws.slice(0, -6) }, 'jws_signature'],
    ['with another alg', { signedHeader: { alg: 'ES256' } }, 'jws_algorithm'],
    ['with alg in another case', { signedHeader: { alg: 'eddsa' } }, 'jws_algorithm'],
    ['with the other name of its alg', { signedHeader: { alg: 'Ed25519' } }, 'jws_algorithm'],
    ['with HS256', { signedHeader: { alg: 'HS256' } }, 'jws_algorithm'],
    ['without alg', { signedHeader: { alg: undefined } }, 'jws_malformed'],
    ['without kid', { signedHeader: { kid: undefined } }, 'jws_malformed'],
    ['with a kid that is not a string', { signedHeader: { kid: 7 } }, 'jws_malformed'],
    ['with an unknown kid', { signedHeader: { kid: 'unknown' } }, 'jws_unknown_key'],
    ['with a kid of Object', { signedHeader: { kid: '__proto__' } }, 'jws_unknown_key'],
    ['with the kid of another issuer', { signedHeader: { kid: 'other' } }, 'jws_unknown_key'],
    ['of two parts', { alter: (jws) => jws.slice(0, jws.lastIndexOf('.')) }, 'jws_malformed'],
    ['of four parts', { alter: (jws) => `${jws}.` }, 'jws_malformed'],
    ['of five parts', { alter: (jws) => `${jws}.a.a` }, 'jws_malformed'],
    ['that is empty', { alter: () => '' }, 'jws_malformed'],
    ['in JSON serialization', { alter: (jws) => JSON.stringify({ jws }) }, 'jws_malformed'],
    ['with padding', { alter: (jws) => `${jws}=` }, 'jws_malformed'],
    ['with white space before it', { alter: (jws) => ` ${jws}` }, 'jws_malformed'],
    ['with a line end behind it', { alter: (jws) => `${jws}\n` }, 'jws_malformed'],
    ['with a byte of no alphabet', { alter: (jws) => `${jws}\u00e9` }, 'jws_malformed'],
    ['with a header that is not an object', { signedHeader: '[]' }, 'jws_malformed'],
    ['with a header that is not JSON', { signedHeader: '{' }, 'jws_malformed'],
    ['with alg twice', { signedHeader: '{"alg":"none","alg":"EdDSA","kid":"signer"}' }, 'jws_malformed'],
    ['with a header of over 1 KiB', { signedHeader: { x: 'x'.repeat(1024) } }, 'jws_malformed'],
    ['with a header that nests too deep', { signedHeader: { x: [[[[]]]] } }, 'jws_malformed'],
    ['with a payload that is not an object', { payload: '[]' }, 'claims_not_json'],
    ['with a payload that is not JSON', { payload: 'text' }, 'claims_not_json'],
    ['without iss', { claims: { iss: undefined } }, 'claim_missing'],
    ['with an iss that is not a string', { claims: { iss: [ISSUER] } }, 'wrong_issuer'],
    ['with an iss without keys', { claims: { iss: 'https://evil.example.com' } }, 'wrong_issuer'],
    ['with an iss of Object', { claims: { iss: '__proto__' } }, 'wrong_issuer'],
    [
      'with the iss of another issuer, and a key of that name',
      { claims: { iss: OTHER_ISSUER } },
      'jws_unknown_key',
    ],
  ])('%s', async (_what, parts, reason) => {
    expect(await verdictOnNested(parts)).toBe(reason);
  });

  test.each([
    { crit: ['exp'], exp: 1 },
    { crit: ['b64'], b64: false },
    { crit: [] },
    { b64: false },
    { b64: true },
    { jku: 'https://evil.example.com/jwks' },
    { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'AAAA' } },
    { x5u: 'https://evil.example.com/cert' },
    { x5c: ['AAAA'] },
    { x5t: 'AAAA' },
    { 'x5t#S256': 'AAAA' },
    { cty: 'JWT' },
    { zip: 'DEF' },
  ])('with the member %j', async (signedHeader) => {
    expect(await verdictOnNested({ signedHeader })).toBe('jws_refused_member');
  });

  test('signed by another key with the key ID of the right one', async () => {
    const impostor = generateSigner();
    const token = await forgeNested({ ...parties, signer: impostor });
    expect(await verdictOn(token, parties.serverRing, { verification })).toBe('jws_signature');
  });

  test('signed by one accepted issuer in the name of another', async () => {
    const token = await forgeNested({ ...parties, signer: otherSigner }, { signedHeader: { kid: 'signer' } });
    expect(await verdictOn(token, parties.serverRing, { verification })).toBe('jws_signature');
  });

  test('with another payload', async () => {
    const payload = Buffer.from(JSON.stringify(claimsOf({ sub: 'admin' }))).toString('base64url');
    const alter = (jws: string) => jws.replace(/\.[^.]*\./, `.${payload}.`);
    expect(await verdictOnNested({ alter })).toBe('jws_signature');
  });

  test('keyed by the public key, as text or bytes (RFC 8725 §2.1)', async () => {
    const { publicJwk } = parties.signer;
    for (const secret of [JSON.stringify(publicJwk), Buffer.from(String(publicJwk['x']), 'base64url')]) {
      const alter = () => {
        const signed = signText(
          '{"alg":"HS256","kid":"signer"}',
          JSON.stringify(claimsOf()),
          parties.signer.privateJwk,
        );
        const input = signed.slice(0, signed.lastIndexOf('.'));
        return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      };
      expect(await verdictOnNested({ alter })).toBe('jws_algorithm');
    }
  });

  test('by an RSA key under the other of its two algorithms', async () => {
    const signer = generateSigner('RS256');
    const keys = await createVerificationKeys({ jwk: { ...signer.publicJwk, alg: 'PS256' } });
    const token = await forgeNested({ ...parties, signer });
    expect(await verdictOn(token, parties.serverRing, { verification: new Map([[ISSUER, keys]]) })).toBe(
      'jws_algorithm',
    );
  });

  test('by an expired key', async () => {
    const { signer, serverRing } = parties;
    const keysUntil = async (exp: number) =>
      new Map([[ISSUER, await createVerificationKeys({ jwk: { ...signer.publicJwk, exp } })]]);
    const token = await forgeNested(parties);
    expect(await verdictOn(token, serverRing, { verification: await keysUntil(NOW + 1) })).toBe('accepted');
    expect(await verdictOn(token, serverRing, { verification: await keysUntil(NOW) })).toBe(
      'jws_expired_key',
    );
  });
});

describe('verification keys that are unavailable', () => {
  test('cause a 503, not a rejection of the token', async () => {
    const keys: VerificationKeys = {
      find: () => Promise.reject(new TemporarilyUnavailableError()),
      exportPublicKeys: () => ({ keys: [] }),
    };
    const opening = verdictOn(await forgeNested(parties), parties.serverRing, {
      verification: new Map([[ISSUER, keys]]),
    });
    await expect(opening).rejects.toBeInstanceOf(TemporarilyUnavailableError);
  });

  test('are not looked up for a token that does not decrypt', async () => {
    let asked = 0;
    const find = () => {
      asked += 1;
      return undefined;
    };
    const keys = new Map([[ISSUER, { find, exportPublicKeys: () => ({ keys: [] }) }]]);
    const stranger = { ...parties, recipient: generateRecipient('ECDH-ES', {}, 'X25519') };
    expect(await verdictOn(await forgeNested(stranger), parties.serverRing, { verification: keys })).toBe(
      'decryption',
    );
    expect(asked).toBe(0);
  });
});
