import { describe, expect, test } from '@jest/globals';
import { compactDecrypt, compactVerify, importJWK } from 'jose';
import type { Jwk } from '../../../src/keys/jwk.js';
import { failuresOf } from '../failures-of.js';
import { describeWithJwcrypto } from '../jwcrypto.js';
import { generateEc, generateOkp, generateRsa, type JwkPair } from '../key-pairs.js';
import { claimsOf } from '../tokens.js';
import type { ForeignTokenRequest } from './foreign-token-request.js';
import { makeForeignToken } from './make-foreign-token.js';

type Maker = ForeignTokenRequest['by'];

const header = { kid: 'foreign', typ: 'at+jwt' };
const CLAIMS = claimsOf();
const rsa = generateRsa();
const p256 = generateEc('P-256');
const p384 = generateEc('P-384');
const x25519 = generateOkp('x25519');
const ed25519 = generateOkp('ed25519');

const shared = (bytes: number): JwkPair => {
  const jwk = { kty: 'oct', k: Buffer.alloc(bytes, 7).toString('base64url') };
  return { privateJwk: jwk, publicJwk: jwk };
};

type Row = readonly [alg: string, enc: string, keys: JwkPair];

const ENCRYPTIONS: readonly Row[] = [
  ['dir', 'A128GCM', shared(16)],
  ['dir', 'A256GCM', shared(32)],
  ['dir', 'A256CBC-HS512', shared(64)],
  ['A128KW', 'A128CBC-HS256', shared(16)],
  ['A256KW', 'A192GCM', shared(32)],
  ['A128GCMKW', 'A256GCM', shared(16)],
  ['A256GCMKW', 'A192CBC-HS384', shared(32)],
  ['ECDH-ES', 'A256GCM', p256],
  ['ECDH-ES', 'A128CBC-HS256', p384],
  ['ECDH-ES+A128KW', 'A128GCM', p256],
  ['ECDH-ES+A256KW', 'A256GCM', p384],
  ['RSA-OAEP', 'A256GCM', rsa],
  ['RSA-OAEP-256', 'A128CBC-HS256', rsa],
];
const WITH_X25519: readonly Row[] = [
  ['ECDH-ES', 'A256GCM', x25519],
  ['ECDH-ES+A256KW', 'A128GCM', x25519],
];

const SIGNATURES: readonly (readonly [alg: string, keys: JwkPair])[] = [
  ['HS256', shared(32)],
  ['RS256', rsa],
  ['PS256', rsa],
  ['ES256', p256],
  ['ES384', p384],
];
const WITH_ED25519 = [['EdDSA', ed25519]] as const;

/** Opens a token with jose, as the recipient does. */
async function open(token: string, { privateJwk }: JwkPair, alg: string) {
  const { plaintext, protectedHeader } = await compactDecrypt(token, await importJWK(privateJwk, alg), {
    keyManagementAlgorithms: [alg],
  });
  return { plaintext: Buffer.from(plaintext).toString(), protectedHeader };
}

async function expectOpened(by: Maker, [alg, enc, keys]: Row): Promise<void> {
  const encryptionKey: Jwk = keys.publicJwk;
  const token = await makeForeignToken({ by, header, encryptionKey, alg, enc, claims: CLAIMS });
  const { plaintext, protectedHeader } = await open(token, keys, alg);
  const { epk: _epk, iv: _iv, tag: _tag, ...others } = protectedHeader;

  expect(JSON.parse(plaintext)).toEqual(CLAIMS);
  expect(others).toEqual({ ...header, alg, enc });
}

async function expectVerified(by: Maker, [alg, keys]: (typeof SIGNATURES)[number]): Promise<void> {
  const inner = { header, claims: CLAIMS, signingKey: keys.privateJwk, alg };
  const encrypted = { by, header: { ...header, cty: 'JWT' }, encryptionKey: p256.publicJwk };
  const token = await makeForeignToken({ ...encrypted, alg: 'ECDH-ES', enc: 'A256GCM', inner });
  const { plaintext, protectedHeader } = await open(token, p256, 'ECDH-ES');
  const verified = await compactVerify(plaintext, await importJWK(keys.publicJwk, alg), {
    algorithms: [alg],
  });

  expect(protectedHeader.cty).toBe('JWT');
  expect(verified.protectedHeader).toEqual({ ...header, alg });
  expect(JSON.parse(Buffer.from(verified.payload).toString())).toEqual(CLAIMS);
}

const describeMaker = { jose: describe, 'node-jose': describe, jwcrypto: describeWithJwcrypto };

describe.each(['jose', 'node-jose', 'jwcrypto'] as const)('foreign tokens of %s', (by) => {
  const isWithoutOkp = by === 'node-jose';

  describeMaker[by]('with its algorithms', () => {
    test('are decrypted by their recipient, and have the header of the request', async () => {
      const rows = isWithoutOkp ? ENCRYPTIONS : [...ENCRYPTIONS, ...WITH_X25519];

      expect(await failuresOf(rows, (row) => expectOpened(by, row))).toEqual([]);
    });

    test('contain a JWS that the key of the issuer verifies', async () => {
      const rows = isWithoutOkp ? SIGNATURES : [...SIGNATURES, ...WITH_ED25519];

      expect(await failuresOf(rows, (row) => expectVerified(by, row))).toEqual([]);
    });

    test('are compressed with zip', async () => {
      const zipped = { ...header, zip: 'DEF' };
      const [alg, enc, keys] = ['dir', 'A256GCM', shared(32)] as const;
      const request = { by, header: zipped, encryptionKey: keys.publicJwk, alg, enc };
      const token = await makeForeignToken({ ...request, claims: { note: 'a'.repeat(10_000) } });

      expect(token.length).toBeLessThan(1000);
      expect(JSON.parse((await open(token, keys, alg)).plaintext)).toEqual({ note: 'a'.repeat(10_000) });
    });
  });
});
