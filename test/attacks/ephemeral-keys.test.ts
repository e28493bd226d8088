import {
  createCipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  randomBytes,
} from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TokenRejection } from 'passport-jwe';
import type { Jwk } from '../../src/keys/jwk.js';
import { ACCEPTED, type AttackTarget, refusedAs, startTarget } from '../support/attack-target.js';
import { generateEc, generateOkp, generateRecipient } from '../support/key-pairs.js';
import { createParties, type Parties, signText } from '../support/signed-tokens.js';
import { claimsOf, ISSUER } from '../support/tokens.js';

// RFC 8725 §2.5 and §3.4; Sanso 2017, CVE-2017-16007 (node-jose): tokens for points of the attacker's choice
// tell bit by bit what the private key is. Each token here is one that a server would open that does not look at the
// point: its tag is right for the secret which the attacker expects.

type Curve = 'P-256' | 'X25519';

interface Setting {
  readonly parties: Parties;
  readonly target: AttackTarget;
}

let settings: Readonly<Record<Curve, Setting>>;

beforeAll(async () => {
  const settingOf = async (curve: Curve): Promise<Setting> => {
    const parties = await createParties(generateRecipient('ECDH-ES', {}, curve));
    const verification = { [ISSUER]: parties.verificationKeys };
    return { parties, target: await startTarget({ keyRing: parties.serverRing, verification }) };
  };
  settings = { 'P-256': await settingOf('P-256'), X25519: await settingOf('X25519') };
});

afterAll(() => Promise.all(Object.values(settings).map(({ target }) => target.close())));

/** A coordinate, or a secret, of 32 bytes that ends in this one. */
function ending(value: number): Buffer {
  const bytes = Buffer.alloc(32);
  bytes[31] = value;
  return bytes;
}

const fromHex = (hex: string) => Buffer.from(hex, 'hex');
const encode = (text: string | Uint8Array) => Buffer.from(text).toString('base64url');
const p256 = (x: Uint8Array, y: Uint8Array): Jwk => ({ kty: 'EC', crv: 'P-256', x: encode(x), y: encode(y) });
const x25519 = (x: Uint8Array): Jwk => ({ kty: 'OKP', crv: 'X25519', x: encode(x) });

/** The key of A256GCM that follows from an agreed secret (RFC 7518 §4.6.2: Concat KDF, one round). */
function deriveKey(secret: Uint8Array, apu: string, apv: string): Buffer {
  const numbered = (text: string) => Buffer.concat([fromHex(`0000000${text.length}`), Buffer.from(text)]);
  const info = [numbered('A256GCM'), numbered(apu), numbered(apv), fromHex('00000100')];
  return createHash('sha256')
    .update(Buffer.concat([fromHex('00000001'), secret, ...info]))
    .digest();
}

/** `apu` and `apv` as the header has them, and what they stand for. */
interface PartyInfo {
  readonly apu?: unknown;
  readonly apv?: unknown;
  readonly apuText?: string;
  readonly apvText?: string;
}

/** A token that its issuer signed, encrypted as if the key agreement with `epk` had yielded this secret. */
function agreedToken({ signer }: Parties, epk: Jwk, secret: Uint8Array, party: PartyInfo = {}): string {
  const { apu, apv, apuText = '', apvText = '' } = party;
  const header = encode(
    JSON.stringify({
      ...{ alg: 'ECDH-ES', enc: 'A256GCM', kid: 'recipient', typ: 'at+jwt', cty: 'JWT', epk },
      ...{ apu, apv },
    }),
  );
  const jws = signText(
    '{"alg":"EdDSA","kid":"signer","typ":"at+jwt"}',
    JSON.stringify(claimsOf()),
    signer.privateJwk,
  );
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', deriveKey(secret, apuText, apvText), iv).setAAD(
    Buffer.from(header),
  );
  const ciphertext = Buffer.concat([cipher.update(jws), cipher.final()]);
  return [header, '', encode(iv), encode(ciphertext), encode(cipher.getAuthTag())].join('.');
}

function present(curve: Curve, epk: Jwk, secret: Uint8Array, party?: PartyInfo) {
  const { parties, target } = settings[curve];
  return target.present(agreedToken(parties, epk, secret, party));
}

/** An ephemeral key, and the secret that it yields with the recipient. */
function agree(curve: Curve): { readonly epk: Jwk; readonly secret: Buffer } {
  const { recipient } = settings[curve].parties;
  const publicKey = createPublicKey({ key: { ...recipient.publicJwk }, format: 'jwk' });
  const { privateJwk, publicJwk } = curve === 'P-256' ? generateEc(curve) : generateOkp('x25519');
  const privateKey = createPrivateKey({ key: { ...privateJwk }, format: 'jwk' });
  return { epk: publicJwk, secret: diffieHellman({ privateKey, publicKey }) };
}

test.each(['P-256', 'X25519'] as const)('a token for a point of %s is accepted', async (curve) => {
  const { epk, secret } = agree(curve);
  expect(await present(curve, epk, secret)).toMatchObject(ACCEPTED);
});

// RFC 7515 §2: one spelling a value. The tag of each token here is right for what a lenient decoder reads.
describe('members of the key agreement that are not canonical base64url', () => {
  const SPELLINGS: readonly (readonly [string, (text: string) => string])[] = [
    ['with padding', (text) => `${text}=`],
    ['with a space', (text) => `${text.slice(0, 20)} ${text.slice(20)}`],
    ['with a line end', (text) => `${text}\n`],
    ['with another character', (text) => `${text}!`],
    ['with trailing bits', withTrailingBits],
  ];
  const CASES = (
    [
      ['P-256', 'x'],
      ['P-256', 'y'],
      ['X25519', 'x'],
    ] as const
  ).flatMap(([curve, member]) => SPELLINGS.map(([name, respell]) => [member, curve, name, respell] as const));

  test.each(CASES)('are rejected: %s of an epk on %s %s', async (member, curve, _name, respell) => {
    const { epk, secret } = agree(curve);
    const respelled = { ...epk, [member]: respell(String(epk[member])) };
    expect(await present(curve, respelled, secret)).toMatchObject(refusedAs('header_invalid_member'));
  });

  test('are rejected: a coordinate without its leading zero byte', async () => {
    const { epk, secret } = agreeWithLeadingZero();
    const x = Buffer.from(String(epk['x']), 'base64url').subarray(1).toString('base64url');
    expect(await present('P-256', { ...epk, x }, secret)).toMatchObject(refusedAs('header_invalid_member'));
  });

  test('are rejected: u of X25519 with its highest bit set', async () => {
    const { epk, secret } = agree('X25519');
    const x = Buffer.from(String(epk['x']), 'base64url');
    x[31] = (x[31] ?? 0) | 0x80;
    expect(await present('X25519', { ...epk, x: encode(x) }, secret)).toMatchObject(
      refusedAs('header_invalid_member'),
    );
  });

  test.each(['apu', 'apv'] as const)('are accepted: %s in canonical base64url', async (name) => {
    const { epk, secret } = agree('P-256');
    const party = { [name]: 'QQ', [`${name}Text`]: 'A' };
    expect(await present('P-256', epk, secret, party)).toMatchObject(ACCEPTED);
  });

  test.each([
    ['apu', 'QQ=='],
    ['apu', 'QR'],
    ['apu', 'Q Q'],
    ['apu', 'QQ\n'],
    ['apv', 'QQ=='],
    ['apv', 'QR'],
    ['apv', 'Q Q'],
    ['apv', 'QQ\n'],
  ] as const)('are rejected: %s that is %j', async (name, text) => {
    const { epk, secret } = agree('P-256');
    const party = { [name]: text, [`${name}Text`]: 'A' };
    expect(await present('P-256', epk, secret, party)).toMatchObject(refusedAs('header_invalid_member'));
  });

  test.each([7, null, {}, ['QQ'], true])('are rejected: apu and apv that are %j', async (value) => {
    const { epk, secret } = agree('P-256');
    for (const party of [{ apu: value }, { apv: value }]) {
      expect(await present('P-256', epk, secret, party)).toMatchObject(refusedAs('header_invalid_member'));
    }
  });

  function agreeWithLeadingZero(): { readonly epk: Jwk; readonly secret: Buffer } {
    for (;;) {
      const agreed = agree('P-256');
      if (Buffer.from(String(agreed.epk['x']), 'base64url')[0] === 0) return agreed;
    }
  }

  /** Of 32 bytes the last of 43 characters has two bits that say nothing. */
  function withTrailingBits(text: string): string {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    return text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.slice(-1)) + 1);
  }
});

describe('points that are not on P-256 (RFC 7518 §6.2.1)', () => {
  const MODULUS = fromHex(`ffffffff00000001${'0'.repeat(24)}${'f'.repeat(24)}`);

  test.each<[TokenRejection, string, Jwk, Buffer]>([
    ['header_invalid_member', 'of order 2, for odd keys', p256(ending(5), ending(0)), ending(5)],
    ['header_invalid_member', 'of order 2, for even keys', p256(ending(5), ending(0)), ending(0)],
    ['header_invalid_member', 'of some order', p256(ending(5), ending(7)), ending(5)],
    ['header_invalid_member', 'at infinity', p256(ending(0), ending(0)), ending(0)],
    ['header_invalid_member', 'beyond the modulus', p256(MODULUS, MODULUS), ending(0)],
    ['header_invalid_member', 'without coordinates', p256(Buffer.alloc(0), Buffer.alloc(0)), ending(0)],
    ['header_invalid_member', 'without y', { kty: 'EC', crv: 'P-256', x: encode(ending(5)) }, ending(5)],
    ['header_invalid_member', 'on another curve', generateOkp('x25519').publicJwk, ending(0)],
    ['header_invalid_member', 'by another name', { ...p256(ending(5), ending(0)), crv: 'P-192' }, ending(5)],
    ['header_invalid_member', 'with a private half', generateRecipient('ECDH-ES').privateJwk, ending(0)],
  ])('are rejected as %s: %s', async (reason, _what, epk, secret) => {
    expect(await present('P-256', epk, secret)).toMatchObject(refusedAs(reason));
  });
});

// RFC 7748 §6.1: each of them yields zeros, whatever the private key.
describe('points of small order on X25519', () => {
  test.each([
    ['0', '00'.repeat(32)],
    ['1', `01${'00'.repeat(31)}`],
    ['of order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
    ['the other of order 8', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'],
    ['p - 1', `ec${'ff'.repeat(30)}7f`],
    ['p', `ed${'ff'.repeat(30)}7f`],
    ['p + 1', `ee${'ff'.repeat(30)}7f`],
  ])('are rejected: %s', async (_what, hex) => {
    expect(await present('X25519', x25519(fromHex(hex)), Buffer.alloc(32))).toMatchObject(
      refusedAs('header_invalid_member'),
    );
  });
});
