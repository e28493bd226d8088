import { describe, expect, test } from '@jest/globals';
import {
  externalClaims,
  IDP,
  makeExternal,
  signExternal,
  trustIdp,
  verifierOf,
} from '../support/external-tokens.js';
import { failuresOf } from '../support/failures-of.js';
import { reasonOf } from '../support/reason-of.js';
import { sealRaw } from '../support/seal-raw.js';
import { signText } from '../support/signed-tokens.js';
import { AUDIENCE, NOW } from '../support/tokens.js';
import { decryptionOf, generateKind, generateSignatureKey, verificationOf } from '../support/trusted-keys.js';

const shared = generateKind(32, 1, 'shared');
const key = generateKind('P-256', 0, 'api');
const signer = generateSignatureKey('ES256', 's1');
const keys = await decryptionOf(key);

const direct = verifierOf(await trustIdp({ keys: shared }));
const nested = verifierOf(await trustIdp({ keys, signer }));

/** The verdict on a direct token with members in its header. */
const withMembers = (members: object) =>
  reasonOf(
    direct,
    sealRaw(
      JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: 'shared', typ: 'at+jwt', ...members }),
      JSON.stringify(externalClaims()),
      shared.privateJwk,
    ),
  );

/** The verdict on a token whose nested JWS has members in its header. */
const withSignedMembers = async (signedHeader: object) =>
  reasonOf(nested, await makeExternal({ key, alg: 'ECDH-ES', signer, signedHeader }));

describe('the protected header', () => {
  test('may have any spelling of cty that means a JWT', async () => {
    const spellings = [
      'JWT',
      'jwt',
      'at+jwt',
      'AT+JWT',
      'application/jwt',
      'application/at+jwt',
      'Application/JWT',
    ];
    const failures = await failuresOf(spellings, async (cty) => {
      const token = await makeExternal({ key, alg: 'ECDH-ES', signer, header: { cty } });
      expect(await reasonOf(nested, token)).toBe('accepted');
    });

    expect(failures).toEqual([]);
  });

  test('may lack cty, whether the content is claims or a JWS', async () => {
    const token = await makeExternal({ key, alg: 'ECDH-ES', signer, header: { cty: undefined } });

    expect(await reasonOf(nested, token)).toBe('accepted');
    expect(await withMembers({})).toBe('accepted');
  });

  test('may have no other cty', async () => {
    const others = [
      '',
      'json',
      'jwt-',
      '-jwt',
      '+jwt',
      'at+jwt ',
      'application/json',
      'text/jwt',
      ['JWT'],
      7,
      null,
    ];
    const failures = await failuresOf(others, async (cty) => {
      expect(await withMembers({ cty })).toBe('content_type');
    });

    expect(failures).toEqual([]);
  });

  test('may say that the content is not compressed', async () => {
    expect(await withMembers({ zip: 'NONE' })).toBe('accepted');
  });

  test.each([['DEF'], ['none'], [''], [null], [['NONE']], [0]])('must not have zip %j', async (zip) => {
    expect(await withMembers({ zip })).toBe('header_refused_member');
  });

  test.each([
    { crit: ['exp'] },
    { crit: [] },
    { crit: null },
    { b64: false },
    { jwk: shared.privateJwk },
    { jwk: null },
    { p2c: 1 },
    { p2s: 'AAAA' },
  ])('must not have %j', async (member) => {
    expect(await withMembers(member)).toBe('header_refused_member');
  });

  test.each([
    { jku: 'https://attacker.example.com/jwks' },
    { x5u: 'https://attacker.example.com/cert' },
    { x5c: ['AAAA'] },
    { x5t: 'AAAA' },
    { 'x5t#S256': 'AAAA' },
    { unknown: { nested: true } },
  ])('may have %j, which has no effect', async (member) => {
    expect(await withMembers(member)).toBe('accepted');
  });

  test.each([{ alg: undefined }, { enc: undefined }, { alg: 7 }, { enc: null }, { alg: ['dir'] }])(
    'must have alg and enc as strings, unlike %j',
    async (member) => {
      expect(await withMembers(member)).toBe('header_invalid_member');
    },
  );

  test('must not repeat a member, also not under an escape', async () => {
    const header = (member: string) =>
      `{"alg":"dir","enc":"A256GCM","kid":"shared","typ":"at+jwt",${member}}`;
    for (const member of ['"kid":"shared"', '"\\u006bid":"other"', '"alg":"dir"']) {
      const token = sealRaw(header(member), JSON.stringify(externalClaims()), shared.privateJwk);
      expect(await reasonOf(direct, token)).toBe('header_duplicate_member');
    }
  });

  test('must repeat claims as they are', async () => {
    const claims = externalClaims({ aud: [AUDIENCE, 'https://other.example.com'] });
    const repeating = (members: object) =>
      reasonOf(
        direct,
        sealRaw(
          JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: 'shared', typ: 'at+jwt', ...members }),
          JSON.stringify(claims),
          shared.privateJwk,
        ),
      );

    expect(await repeating({ iss: IDP, sub: 'alice', aud: claims['aud'] })).toBe('accepted');
    expect(await repeating({ aud: AUDIENCE })).toBe('replicated_claim');
    expect(await repeating({ aud: [AUDIENCE, 'https://other.example.com', 'x'] })).toBe('replicated_claim');
    expect(await repeating({ sub: 'Alice' })).toBe('replicated_claim');
    expect(await repeating({ sub: ['alice', 'bob'] })).toBe('replicated_claim');
    expect(await repeating({ iss: `${IDP}/` })).toBe('unknown_key');
    expect(await repeating({ iss: [IDP] })).toBe('unknown_key');
  });
});

describe('the header of the nested JWS', () => {
  test.each([
    { x5t: 'u4PJJ7vZ2GJ6wc0WAFrdMxvSM0U' },
    { cty: 'JWT' },
    { jku: 'https://attacker.example.com/jwks' },
    { x5u: 'https://attacker.example.com/cert' },
    { x5c: ['AAAA'] },
  ])('may have %j, which has no effect', async (member) => {
    expect(await withSignedMembers(member)).toBe('accepted');
  });

  test.each([
    { crit: ['exp'] },
    { crit: [] },
    { b64: false },
    { b64: true },
    { jwk: signer.publicJwk },
    { zip: 'DEF' },
  ])('must not have %j', async (member) => {
    expect(await withSignedMembers(member)).toBe('jws_refused_member');
  });

  test('may lack kid if the issuer has one key of the algorithm', async () => {
    const rsa = generateSignatureKey('RS256', 'rsa');
    const second = generateSignatureKey('ES256', 's2');
    const token = await makeExternal({ key, alg: 'ECDH-ES', signer, signedHeader: { kid: undefined } });
    const oneOfEach = verifierOf(await trustIdp({ keys, signer: await verificationOf(rsa, signer) }));
    const two = verifierOf(await trustIdp({ keys, signer: await verificationOf(signer, second) }));

    expect(await reasonOf(oneOfEach, token)).toBe('accepted');
    expect(await reasonOf(two, token)).toBe('jws_unknown_key');
  });

  test.each([{ kid: 7 }, { kid: null }, { alg: undefined }, { alg: 7 }, { alg: null }])(
    'must be well-formed, unlike %j',
    async (member) => {
      expect(await withSignedMembers(member)).toBe('jws_malformed');
    },
  );

  test.each(['none', 'HS256', 'HS512', 'ES256K', 'RS1', 'es256', ''])(
    'must not have the algorithm %j',
    async (alg) => {
      expect(await withSignedMembers({ alg })).toBe('jws_algorithm');
    },
  );

  test('must have the algorithm of the key', async () => {
    const rsa = generateSignatureKey('RS256', 'rsa');
    const verifier = verifierOf(await trustIdp({ keys, signer: rsa }));
    const relabelled = { ...rsa, privateJwk: { ...rsa.privateJwk, alg: 'PS256' } };

    expect(await reasonOf(verifier, await makeExternal({ key, alg: 'ECDH-ES', signer: rsa }))).toBe(
      'accepted',
    );
    expect(await reasonOf(verifier, await makeExternal({ key, alg: 'ECDH-ES', signer: relabelled }))).toBe(
      'jws_algorithm',
    );
  });

  test('must have an algorithm of the issuer', async () => {
    const verifier = verifierOf(
      await trustIdp({ keys, signer }, { signatureAlgorithms: ['RS256', 'EdDSA'] }),
    );

    expect(await reasonOf(verifier, await makeExternal({ key, alg: 'ECDH-ES', signer }))).toBe(
      'jws_algorithm',
    );
  });

  test('may call EdDSA Ed25519, and the other way round', async () => {
    const failures = await failuresOf(
      [
        ['EdDSA', 'Ed25519'],
        ['Ed25519', 'EdDSA'],
      ],
      async ([named = '', written]) => {
        const ed25519 = generateSignatureKey(named, 'ed');
        const verifier = verifierOf(await trustIdp({ keys, signer: ed25519 }));
        const jws = signText(
          JSON.stringify({ alg: written, kid: 'ed', typ: 'at+jwt' }),
          JSON.stringify(externalClaims()),
          { ...ed25519.privateJwk, alg: 'EdDSA' },
        );
        const token = await makeExternal({ key, alg: 'ECDH-ES', content: jws });
        expect(await reasonOf(verifier, token)).toBe('accepted');
      },
    );

    expect(failures).toEqual([]);
  });

  test('has a key until the key expires', async () => {
    const expiring = await verificationOf({ publicJwk: { ...signer.publicJwk, exp: NOW } });
    const verifier = verifierOf(await trustIdp({ keys, signer: expiring }));

    expect(await reasonOf(verifier, await makeExternal({ key, alg: 'ECDH-ES', signer }))).toBe(
      'jws_expired_key',
    );
  });

  test('must have the accepted typ, whatever the outer typ says', async () => {
    expect(await withSignedMembers({ typ: 'application/at+jwt' })).toBe('accepted');
    for (const typ of ['JWT', undefined, 'logout+jwt', 7, null]) {
      expect(await withSignedMembers({ typ })).toBe('wrong_typ');
    }
    const outer = await makeExternal({ key, alg: 'ECDH-ES', signer, header: { typ: 'logout+jwt' } });
    expect(await reasonOf(nested, outer)).toBe('wrong_typ');
  });
});

describe('the content', () => {
  test.each([
    ['two segments', 'a.b'],
    ['four segments', 'a.b.c.d'],
    ['a token in a token', `${signExternal(signer)}.x.y`],
    ['text', 'hello'],
    ['nothing', ''],
    ['white space before claims', ` ${JSON.stringify(externalClaims())}`],
    ['a JSON serialization', '[{"payload":"e30"}]'],
  ])('must not be %s', async (_what, content) => {
    expect(await reasonOf(nested, await makeExternal({ key, alg: 'ECDH-ES', signer, content }))).toBe(
      'jws_malformed',
    );
  });

  test('must not be claims in JSON that is no object', async () => {
    const broken = await makeExternal({ key: shared, alg: 'dir', content: '{"iss":' });
    const deep = sealRaw(
      JSON.stringify({ alg: 'dir', enc: 'A256GCM', kid: 'shared' }),
      `{"a":${'['.repeat(20)}${']'.repeat(20)}}`,
      shared.privateJwk,
    );

    expect(await reasonOf(direct, broken)).toBe('claims_not_json');
    expect(await reasonOf(direct, deep)).toBe('claims_too_deep');
  });
});
