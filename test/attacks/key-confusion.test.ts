import { createHmac, createPublicKey, createSecretKey } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CompactEncrypt } from 'jose';
import { createKeyRing } from '../../src/keys/create-key-ring.js';
import { encryptToken } from '../../src/token/encrypt-token.js';
import { ACCEPTED, type AttackTarget, refusedAs, startTarget } from '../support/attack-target.js';
import { generateRecipient, generateSigner } from '../support/key-pairs.js';
import {
  createParties,
  forgeNested,
  type NestedParts,
  type Parties,
  signText,
} from '../support/signed-tokens.js';
import { claimsOf, ISSUER, secretOf } from '../support/tokens.js';

/** A resource server with a key for agreement, whose tokens an issuer signs. */
interface Setting {
  readonly parties: Parties;
  readonly target: AttackTarget;
}

let onP256: Setting;
let onX25519: Setting;

beforeAll(async () => {
  const settingOf = async (curve: 'P-256' | 'X25519'): Promise<Setting> => {
    const parties = await createParties(generateRecipient('ECDH-ES', {}, curve), generateSigner('ES256'));
    const verification = { [ISSUER]: parties.verificationKeys };
    return { parties, target: await startTarget({ keyRing: parties.serverRing, verification }) };
  };
  onP256 = await settingOf('P-256');
  onX25519 = await settingOf('X25519');
});

afterAll(() => Promise.all([onP256.target.close(), onX25519.target.close()]));

const encode = (text: string | Uint8Array) => Buffer.from(text).toString('base64url');

/** A nested token with these faults, presented to the server that it is encrypted to. */
const presentNested = async (parts: NestedParts = {}, { parties, target }: Setting = onP256) =>
  target.present(await forgeNested(parties, parts));

/** The JWS alone. */
const signedClaims = () =>
  signText(
    '{"alg":"ES256","kid":"signer","typ":"at+jwt"}',
    JSON.stringify(claimsOf()),
    onP256.parties.signer.privateJwk,
  );

test('the unmodified tokens are accepted', async () => {
  expect(await presentNested()).toMatchObject(ACCEPTED);
  expect(await presentNested({}, onX25519)).toMatchObject(ACCEPTED);
});

describe('a token of the wrong kind (RFC 8725 §2.3)', () => {
  // CVE-2023-51774 (json-jwt): signing and encryption were confused.
  test('a JWS under the right key instead of a JWE', async () => {
    expect(await onP256.target.present(signedClaims())).toMatchObject(refusedAs('segment_count'));
  });

  test('a JWS with two more segments, like a JWE', async () => {
    expect(await onP256.target.present(`${signedClaims()}..`)).toMatchObject(
      refusedAs('header_invalid_member'),
    );
    expect(await onP256.target.present(`${signedClaims()}.AAAA.AAAA`)).toMatchObject(
      refusedAs('header_invalid_member'),
    );
  });

  // Anyone can encrypt to a public key, which proves no sender.
  test('an unsigned JWE, although it is encrypted to the right key', async () => {
    const { kid, alg } = onP256.parties.recipient.publicJwk;
    const token = await new CompactEncrypt(Buffer.from(JSON.stringify(claimsOf())))
      .setProtectedHeader({ alg: String(alg), enc: 'A256GCM', kid: String(kid), typ: 'at+jwt' })
      .encrypt(createPublicKey({ key: { ...onP256.parties.recipient.publicJwk }, format: 'jwk' }));
    expect(await onP256.target.present(token)).toMatchObject(refusedAs('not_signed'));
  });

  test('a nested JWE instead of the JWS', async () => {
    const inner = await forgeNested(onP256.parties);
    expect(await presentNested({ alter: () => inner })).toMatchObject(refusedAs('jws_malformed'));
  });
});

describe('a public key as a secret (RFC 8725 §2.1)', () => {
  // CVE-2015-9235, CVE-2016-5431, CVE-2022-23541, CVE-2023-48238, CVE-2024-37568.
  test.each(['pem', 'der', 'jwk'])('as the secret of an HMAC: %s', async (form) => {
    const jwk = onP256.parties.signer.publicJwk;
    const publicKey = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const secrets: Readonly<Record<string, string | Buffer>> = {
      pem: publicKey.export({ type: 'spki', format: 'pem' }),
      der: publicKey.export({ type: 'spki', format: 'der' }),
      jwk: JSON.stringify(jwk),
    };
    const input = `${encode('{"alg":"HS256","kid":"signer"}')}.${encode(JSON.stringify(claimsOf()))}`;
    const mac = createHmac('sha256', secrets[form] ?? '')
      .update(input)
      .digest('base64url');
    expect(await presentNested({ alter: () => `${input}.${mac}` })).toMatchObject(refusedAs('jws_algorithm'));
  });

  test('as the shared key of direct encryption: 32 public bytes', async () => {
    const { kid, x } = onX25519.parties.recipient.publicJwk;
    const secret = createSecretKey(Buffer.from(String(x), 'base64url'));
    const traits = { kid: String(kid), enc: 'A256GCM', purpose: 'access', encrypts: true } as const;
    const token = encryptToken(claimsOf(), { ...traits, alg: 'dir', secret }, { typ: 'at+jwt' });
    expect(await onX25519.target.present(token)).toMatchObject(refusedAs('algorithm'));
  });
});

describe('an algorithm other than that of the key (RFC 8725 §3.1)', () => {
  // Bleichenbacher 1998 and its return ROBOT (2017) need RSA1_5, CVE-2022-23540 (jsonwebtoken) needs none.
  test.each([
    ...[
      'RSA1_5',
      'RSA-OAEP',
      'RSA-OAEP-256',
      'A128KW',
      'A256KW',
      'A256GCMKW',
      'dir',
      'none',
      'None',
      'nOnE',
      '',
    ],
    ...['ECDH-ES+A128KW', 'ECDH-ES+A256KW', 'PBES2-HS256+A128KW', 'HS256', 'ES256', 'ecdh-es'],
  ])('alg %j, under a key for ECDH-ES', async (alg) => {
    const [header = '', ...rest] = (await forgeNested(onP256.parties)).split('.');
    const members = { ...JSON.parse(Buffer.from(header, 'base64url').toString()), alg };
    const token = [encode(JSON.stringify(members)), ...rest].join('.');
    expect(await onP256.target.present(token)).toMatchObject(refusedAs('algorithm'));
  });

  test.each(['none', 'HS256', 'RS256', 'ES384', 'EdDSA', ''])(
    'alg %j of the JWS, under a key for ES256',
    async (alg) => {
      const alter = (jws: string) => (alg === 'none' ? jws.replace(/[^.]*$/, '') : jws);
      expect(await presentNested({ signedHeader: { alg }, alter })).toMatchObject(refusedAs('jws_algorithm'));
    },
  );

  // CVE-2022-21449: 0 for r and s satisfied every ECDSA check of Java.
  test.each([
    ['zeros', Buffer.alloc(64)],
    ['ones', Buffer.alloc(64, 0xff)],
    ['nothing', Buffer.alloc(0)],
    ['zeros in DER', Buffer.from('3006020100020100', 'hex')],
  ])('and a signature of %s', async (_what, signature) => {
    const alter = (jws: string) => jws.replace(/[^.]*$/, encode(signature));
    expect(await presentNested({ alter })).toMatchObject(refusedAs('jws_signature'));
  });
});

describe('keys in the token (RFC 8725 §3.10)', () => {
  // CVE-2018-0114: a JWS was verified by the key in its own header.
  test.each(['jwk', 'jku', 'x5c', 'x5u'])(
    '%s in the JWS, which is signed by that very key',
    async (member) => {
      const mallory = generateSigner('ES256');
      const value = member === 'jwk' ? mallory.publicJwk : ['https://evil.example.com/keys'];
      const parties = { ...onP256.parties, signer: mallory };
      const token = await forgeNested(parties, { signedHeader: { [member]: value } });
      expect(await onP256.target.present(token)).toMatchObject(refusedAs('jws_refused_member'));
    },
  );

  test.each(['jwk', 'jku', 'x5c', 'x5u'])('%s in the JWE', async (member) => {
    const header = {
      [member]: member === 'jwk' ? generateRecipient('ECDH-ES').publicJwk : 'https://evil.example.com',
    };
    expect(await presentNested({ header })).toMatchObject(refusedAs('header_refused_member'));
  });
});

// RFC 7516 §4.1.13, RFC 7515 §4.1.11; CVE-2025-59420 (authlib) ignored it.
describe('unknown critical extensions', () => {
  const CRITICAL: readonly (readonly [crit: unknown, others: object])[] = [
    [['bork'], { bork: true }],
    [['exp'], { exp: 1 }],
    [['b64'], { b64: false }],
    [['alg'], {}],
    [['bork'], {}],
    [[], {}],
    ['bork', { bork: true }],
    [null, {}],
  ];

  test.each(CRITICAL)('crit %j in the JWS', async (crit, others) => {
    expect(await presentNested({ signedHeader: { crit, ...others } })).toMatchObject(
      refusedAs('jws_refused_member'),
    );
  });

  test.each(CRITICAL)('crit %j in the JWE', async (crit, others) => {
    const [header = '', ...rest] = (await forgeNested(onP256.parties)).split('.');
    const members = { ...JSON.parse(Buffer.from(header, 'base64url').toString()), crit, ...others };
    const token = [encode(JSON.stringify(members)), ...rest].join('.');
    expect(await onP256.target.present(token)).toMatchObject(refusedAs('header_refused_member'));
  });
});

test('the same kid for two kinds of key is rejected when the ring is created (RFC 7517 §4.5)', async () => {
  const shared = { kty: 'oct', kid: 'one', alg: 'A256GCM', k: secretOf(3).toString('base64url') };
  const keys = [shared, generateRecipient('ECDH-ES', { kid: 'one' }).privateJwk];
  await expect(createKeyRing({ current: { jwks: { keys } } })).rejects.toThrow(TypeError);
});
