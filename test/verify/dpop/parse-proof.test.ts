import { describe, expect, test } from '@jest/globals';
import { parseProof } from '../../../src/verify/dpop/parse-proof.js';
import { createProofKeyReader } from '../../../src/verify/dpop/proof-keys.js';
import { createProof, createProofSigner } from '../../support/dpop-proofs.js';
import { NOW } from '../../support/tokens.js';

const signer = createProofSigner();
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const parse = (proof: string) => parseProof(proof, createProofKeyReader(['ES256', 'RS256']));

/** A proof with another text as header or payload. Its signature is not valid, which is not checked here. */
function proofOf({ header, payload }: { header?: unknown; payload?: unknown }): string {
  const [encodedHeader = '', encodedPayload = '', signature] = createProof(signer).split('.');
  return [
    header === undefined ? encodedHeader : encode(header),
    payload === undefined ? encodedPayload : encode(payload),
    signature,
  ].join('.');
}

/** Proofs whose result is not the expected reason. */
function surprises(cases: readonly (readonly [proof: string, expected: string])[]): readonly unknown[] {
  return cases
    .map(([proof, expected]) => [proof.slice(0, 120), expected, parse(proof)])
    .filter(([, expected, found]) => found !== expected);
}

describe('parseProof', () => {
  test('returns the key, the claims and the parts of the signature', () => {
    const proof = createProof(signer, { claims: { jti: 'a', ath: 'b', nonce: 'c', other: 1 } });
    const [header, payload, signature = ''] = proof.split('.');

    expect(parse(proof)).toEqual({
      key: { alg: 'ES256', jkt: signer.jkt, importKey: expect.any(Function) },
      header,
      claims: { jti: 'a', htm: 'GET', htu: 'https://api.example.com/', iat: NOW, ath: 'b', nonce: 'c' },
      signingInput: `${header}.${payload}`,
      signature: Buffer.from(signature, 'base64url'),
    });
  });

  test('rejects proofs that are not three segments of canonical base64url', () => {
    const proof = createProof(signer);
    const [header = '', payload = '', signature = ''] = proof.split('.');
    const malformed = [
      ...[
        '',
        '.',
        '..',
        '...',
        header,
        `${header}.${payload}`,
        `${proof}.`,
        `.${proof}`,
        ` ${proof}`,
        `${proof} `,
      ],
      ...[
        `${header}=.${payload}.${signature}`,
        `${header}.${payload}=.${signature}`,
        `${proof}=`,
        `${proof}\u00e9`,
      ],
      ...[`${header}..${signature}`, `${header}.${payload}.*`, `${header}.${payload}.${signature}+`],
    ];

    expect(surprises(malformed.map((each) => [each, 'proof_malformed'] as const))).toEqual([]);
  });

  test('rejects headers and payloads that are not JSON objects', () => {
    const texts = ['', ' ', 'null', '7', '[]', '"a"', '{', '{}x', '\ufeff{}', '[{}]'];
    const proofs = texts.flatMap((each) => [proofOf({ header: each }), proofOf({ payload: each })]);

    expect(surprises(proofs.map((each) => [each, 'proof_malformed'] as const))).toEqual([]);
  });

  test('rejects headers with duplicate members, invalid UTF-8 or critical extensions', () => {
    const { jwk } = signer;
    const text = JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk });
    const headers = [
      text.replace('{', '{"alg":"none",'),
      text.replace('{', '{"\\u0061lg":"none",'),
      text.replace('"jwk":{', '"jwk":{"kty":"oct",'),
      JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk, crit: ['b64'], b64: false }),
      JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk, crit: [] }),
      JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk, crit: null }),
      JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk, padding: 'a'.repeat(1024) }),
    ];
    const invalid = proofOf({}).replace(
      /^[^.]*/,
      Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.from([0xff]), Buffer.from('"}')]).toString(
        'base64url',
      ),
    );
    const proofs = [...headers.map((header) => proofOf({ header })), invalid];

    expect(surprises(proofs.map((each) => [each, 'proof_malformed'] as const))).toEqual([]);
  });

  test('reads members of the objects only, and none of their prototypes', () => {
    const { jwk } = signer;
    const [header, claims] = [
      { typ: 'dpop+jwt', alg: 'ES256', jwk },
      { jti: 'a', htm: 'GET', htu: 'https://api.example.com/', iat: NOW },
    ];
    const underPrototype = (members: object) => `{"__proto__":${JSON.stringify(members)}}`;

    expect(
      surprises([
        [proofOf({ header: underPrototype(header) }), 'proof_typ'],
        [proofOf({ header: `{"typ":"dpop+jwt","alg":"ES256","jwk":${underPrototype(jwk)}}` }), 'proof_key'],
        [proofOf({ header: { ...header, alg: 'constructor' } }), 'proof_algorithm'],
        [proofOf({ header: { ...header, jwk: { ...jwk, kty: 'constructor' } } }), 'proof_key'],
        [proofOf({ header: { ...header, jwk: { ...jwk, kty: '__proto__' } } }), 'proof_key'],
        [proofOf({ payload: underPrototype(claims) }), 'proof_claim'],
      ]),
    ).toEqual([]);
    expect(Object.hasOwn(Object.prototype, 'jti')).toBe(false);
  });

  test('rejects claims that are missing or have the wrong type', () => {
    const claims = { jti: 'a', htm: 'GET', htu: 'https://api.example.com/', iat: NOW };
    const changes = [
      ...['jti', 'htm', 'htu'].flatMap((name) =>
        ['', 7, null, [], {}, true].map((value) => ({ ...claims, [name]: value })),
      ),
      ...[null, '', String(NOW), -1, -0.5, 253_402_300_800, [], {}, true].map((iat) => ({ ...claims, iat })),
      ...['ath', 'nonce'].flatMap((name) => [7, null, [], {}].map((value) => ({ ...claims, [name]: value }))),
    ];
    const spellings = ['NaN', 'Infinity', '1e400', '-1e400', '01'].map((iat) =>
      JSON.stringify(claims).replace(String(NOW), iat),
    );

    expect(
      changes.map((payload) => parse(proofOf({ payload }))).filter((found) => found !== 'proof_claim'),
    ).toEqual([]);
    expect(spellings.map((payload) => parse(proofOf({ payload })))).toEqual([
      ...['proof_malformed', 'proof_malformed', 'proof_claim', 'proof_claim', 'proof_malformed'],
    ]);
  });

  test('accepts fractions of seconds in iat', () => {
    const payload = { jti: 'a', htm: 'GET', htu: 'https://api.example.com/', iat: NOW + 0.25 };

    expect(parse(proofOf({ payload }))).toMatchObject({ claims: { iat: NOW + 0.25 } });
  });

  test('accepts a 4096-bit RSA key with common members, and bounds the length', () => {
    const jwk = { kty: 'RSA', n: 'A'.repeat(683), e: 'AQAB', kid: 'client-1', alg: 'RS256', use: 'sig' };
    const header = { typ: 'dpop+jwt', alg: 'RS256', jwk };
    const long = createProof(signer, { claims: { jti: 'a'.repeat(4096) } });

    expect(parse(proofOf({ header }))).toMatchObject({ key: { alg: 'RS256' } });
    expect(parse(long)).toBe('proof_too_long');
  });
});
