import { beforeAll, describe, expect, test } from '@jest/globals';
import express from 'express';
import { type AcceptOptions, authenticate } from 'passport-jwe';
import request from 'supertest';
import { changeHeader, changeSegment } from '../support/change-segment.js';
import { type ExternalParts, makeExternal, signExternal, trustIdp } from '../support/external-tokens.js';
import type { JwkPair } from '../support/key-pairs.js';
import { AUDIENCE, clock, createRing, ISSUER, NOW } from '../support/tokens.js';
import { decryptionOf, generateKind, generateSignatureKey } from '../support/trusted-keys.js';

const rsa = generateKind('RSA', 0, 'rsa');
const ec = generateKind('P-256', 0, 'ec');
const shared = generateKind(32, 1, 'shared');
const wrapping = generateKind(32, 2, 'wrapping');
const cbc = generateKind(64, 3, 'cbc');
const signer = generateSignatureKey('ES256', 's1');
const otherSigner = generateSignatureKey('ES256', 's1');
const SYMMETRIC = 'https://symmetric.example.com';

const TOKENS: readonly (readonly [name: string, parts: ExternalParts])[] = [
  ['RSA-OAEP-256', { key: rsa, alg: 'RSA-OAEP-256', signer }],
  ['RSA-OAEP-256, CBC', { key: rsa, alg: 'RSA-OAEP-256', enc: 'A128CBC-HS256', signer }],
  ['ECDH-ES', { key: ec, alg: 'ECDH-ES', signer }],
  ['ECDH-ES+A256KW, CBC', { key: ec, alg: 'ECDH-ES+A256KW', enc: 'A256CBC-HS512', signer }],
  ['dir', { key: shared, alg: 'dir', claims: { iss: SYMMETRIC } }],
  ['dir, CBC', { key: cbc, alg: 'dir', enc: 'A256CBC-HS512', claims: { iss: SYMMETRIC } }],
  ['A256KW', { key: wrapping, alg: 'A256KW', claims: { iss: SYMMETRIC } }],
];

const encryptions = ['A256GCM', 'A128CBC-HS256', 'A256CBC-HS512'] as const;
const replaced = (parts: ExternalParts, key: JwkPair, changes: object = {}) =>
  makeExternal({ ...parts, key, ...changes });
const withClaims = (parts: ExternalParts, claims: object) =>
  makeExternal({ ...parts, claims: { ...parts.claims, ...claims } });

/** Every way in which a token of an issuer fails, but expiry. */
const FAILURES: Readonly<Record<string, (parts: ExternalParts) => string | Promise<string>>> = {
  'the header is changed': async (parts) => changeHeader(await makeExternal(parts)),
  'the encrypted key is changed': async (parts) => changeSegment(await makeExternal(parts), 1),
  'the encrypted key is short': async (parts) => withSegment(await makeExternal(parts), 1, 'AAAA'),
  'the IV is changed': async (parts) => changeSegment(await makeExternal(parts), 2),
  'the IV is short': async (parts) => withSegment(await makeExternal(parts), 2, 'AAAA'),
  'the ciphertext is changed': async (parts) => changeSegment(await makeExternal(parts), 3),
  'the padding is changed': async (parts) => withLastBlock(await makeExternal(parts)),
  'the ciphertext is empty': async (parts) => withSegment(await makeExternal(parts), 3, ''),
  'the tag is changed': async (parts) => changeSegment(await makeExternal(parts), 4),
  'the tag is short': async (parts) => withSegment(await makeExternal(parts), 4, 'AAAA'),
  'a segment is not base64url': async (parts) => withSegment(await makeExternal(parts), 3, 'AAAAA'),
  'the key is another': (parts) => replaced(parts, otherKeys.get(parts.key) ?? parts.key),
  'the kid is unknown': (parts) => makeExternal({ ...parts, header: { kid: 'unknown' } }),
  'the kid is that of another key': (parts) =>
    makeExternal({ ...parts, header: { kid: parts.key === ec ? 'rsa' : 'ec' } }),
  'the alg is refused': async (parts) => changeHeader(await makeExternal(parts), { alg: 'RSA1_5' }),
  'the enc is unknown': async (parts) => changeHeader(await makeExternal(parts), { enc: 'A512GCM' }),
  'the header has crit': async (parts) => changeHeader(await makeExternal(parts), { crit: ['exp'] }),
  'the content is compressed': async (parts) => changeHeader(await makeExternal(parts), { zip: 'DEF' }),
  'the content is text': (parts) => makeExternal({ ...parts, content: 'hello' }),
  'the content is broken JSON': (parts) =>
    makeExternal({ ...parts, header: { cty: undefined }, content: '{"iss":' }),
  'the content is a JWS of another key': (parts) =>
    makeExternal({ ...parts, content: signExternal(otherSigner, { ...parts }), header: { cty: 'JWT' } }),
  'the content is a JWS of an unknown key': (parts) =>
    makeExternal({
      ...parts,
      content: signExternal(signer, { ...parts, signedHeader: { kid: 'unknown' } }),
      header: { cty: 'JWT' },
    }),
  'the content is claims without a JWS': (parts) =>
    makeExternal({ ...parts, content: JSON.stringify({ iss: SYMMETRIC }), header: { cty: undefined } }),
  'iss is another': (parts) => withClaims(parts, { iss: 'https://other.example.com' }),
  'iss is a home issuer': (parts) => withClaims(parts, { iss: ISSUER }),
  'aud is another': (parts) => withClaims(parts, { aud: 'https://other.example.com' }),
  'exp is missing': (parts) => withClaims(parts, { exp: undefined }),
  'sub is malformed': (parts) => withClaims(parts, { sub: 7 }),
  'the token is not valid yet': (parts) => withClaims(parts, { nbf: NOW + 300 }),
  'the lifetime is too long': (parts) => withClaims(parts, { exp: NOW + 10 * 86_400 }),
  'the token is bound to a key': (parts) => withClaims(parts, { cnf: { jkt: 'x' } }),
  'the header repeats another sub': (parts) => makeExternal({ ...parts, header: { sub: 'mallory' } }),
  'the typ is another': (parts) => makeExternal({ ...parts, header: { typ: 'logout+jwt' } }),
};

const otherKeys = new Map<JwkPair, JwkPair>([
  [rsa, generateKind('RSA', 0, 'rsa')],
  [ec, generateKind('P-256', 0, 'ec')],
  [shared, generateKind(32, 7, 'shared')],
  [wrapping, generateKind(32, 8, 'wrapping')],
  [cbc, generateKind(64, 9, 'cbc')],
]);

function withSegment(token: string, index: number, segment: string): string {
  return token.split('.').with(index, segment).join('.');
}

/** Changes the last byte of the last but one block, which changes the padding of CBC. */
function withLastBlock(token: string): string {
  const bytes = Buffer.from(token.split('.')[3] ?? '', 'base64url');
  const at = bytes.length - 17;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return withSegment(token, 3, bytes.toString('base64url'));
}

let options: AcceptOptions;

beforeAll(async () => {
  const contentEncryptionAlgorithms = encryptions;
  options = {
    trustedIssuers: [
      await trustIdp({ keys: await decryptionOf(rsa, ec), signer }, { contentEncryptionAlgorithms }),
      await trustIdp(
        { keys: await decryptionOf(shared, wrapping, cbc) },
        { issuer: SYMMETRIC, contentEncryptionAlgorithms },
      ),
    ],
    clock,
  };
});

/** What a client sees of a response: everything but the date. */
async function seen(token: string, accepting: AcceptOptions): Promise<string> {
  const app = express().set('env', 'test');
  app.get('/', authenticate(accepting), (_req, res) => void res.json({}));
  const { status, headers, text } = await request(app).get('/').auth(token, { type: 'bearer' });
  return JSON.stringify([status, { ...headers, date: undefined }, text]);
}

describe.each(TOKENS)('a token with %s', (_name, parts) => {
  test('is accepted unchanged', async () => {
    expect(JSON.parse(await seen(await makeExternal(parts), options))[0]).toBe(200);
  });

  test.each([false, true])(
    'gets the same response for each fault (with a home issuer: %j)',
    async (hasHome) => {
      const home = { keyRing: await createRing(), issuer: ISSUER, audience: AUDIENCE };
      const accepting = { ...options, ...(hasHome ? home : {}) };
      const responses = new Map<string, string[]>();
      for (const [name, forge] of Object.entries(FAILURES)) {
        const response = await seen(await forge(parts), accepting);
        responses.set(response, [...(responses.get(response) ?? []), name]);
      }
      const [first, ...others] = [...responses];

      expect(others).toEqual([]);
      expect(first?.[0]).toMatch(/^\[401,/);
      expect(first?.[0]).toContain('The access token is not valid');
    },
  );

  test('says only of an authentic token that it has expired', async () => {
    const expired = { ...parts, claims: { ...parts.claims, iat: NOW - 900, exp: NOW - 300 } };
    const forged = await changeSegment(await makeExternal(expired), 4);

    expect(await seen(await makeExternal(expired), options)).toContain('The access token expired');
    expect(await seen(forged, options)).not.toContain('expired');
  });
});
