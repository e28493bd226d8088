import { beforeAll, describe, expect, test } from '@jest/globals';
import type { DecryptionKeys } from '../../src/keys/decryption-keys.js';
import { CONTENT_KEY_BYTES } from '../../src/keys/jwe-algorithms.js';
import { createTokenVerifier, type TokenVerifier } from '../../src/verify/token-verifier.js';
import { trustedIssuer } from '../../src/verify/trusted-issuer.js';
import { changeHeader, changeSegment } from './change-segment.js';
import { bareJwk } from './foreign-tokens/bare-jwk.js';
import { joseMaker } from './foreign-tokens/jose-maker.js';
import type { JwkPair } from './key-pairs.js';
import { PROVIDER_FORMS, type ProviderForm } from './provider-forms.js';
import { reasonOf } from './reason-of.js';
import { clock, NOW } from './tokens.js';
import {
  decryptionOf,
  generateKind,
  generateSignatureKey,
  type KeyKind,
  verificationOf,
} from './trusted-keys.js';

/** One way in which a provider makes its tokens. */
interface Row {
  readonly form: ProviderForm;
  readonly alg: string;
  readonly enc: string;
  readonly kind: KeyKind;
  /** `undefined` if the claims are encrypted directly. */
  readonly signature: string | undefined;
}

/** Parties of a row: the issuer, and another one whose keys are of the same kind. */
interface RowKeys {
  readonly own: JwkPair;
  readonly other: JwkPair;
  readonly signer: JwkPair | undefined;
  readonly otherSigner: JwkPair | undefined;
}

const KINDS: readonly KeyKind[] = ['RSA', 'P-256', 'P-384', 'P-521', 'X25519', 16, 24, 32, 48, 64];
const SIGNATURES = ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];

const pairs = new Map<string, JwkPair>();
const decryptions = new Map<JwkPair, DecryptionKeys>();

const pairOf = (name: string): JwkPair => pairs.get(name) ?? generateKind(32, 99);
const decryptionFor = (pair: JwkPair): DecryptionKeys => {
  const keys = decryptions.get(pair);
  if (keys === undefined) throw new Error('There are no such keys');
  return keys;
};

async function generateKeys(): Promise<void> {
  for (const kind of KINDS) {
    for (const [seed, kid] of ['own', 'other'].entries())
      pairs.set(`${kid} ${kind}`, generateKind(kind, seed + 1, kid));
  }
  for (const alg of SIGNATURES) {
    for (const kid of ['own-1', 'other-1']) pairs.set(`${kid} ${alg}`, generateSignatureKey(alg, kid));
  }
  for (const pair of pairs.values()) {
    if (pair.privateJwk['alg'] === undefined) decryptions.set(pair, await decryptionOf(pair));
  }
}

/** Keys of RSA sign with any of its algorithms, and Ed25519 has two names. */
function signerOf(owner: string, signature: string | undefined): JwkPair | undefined {
  if (signature === undefined) return undefined;
  const like = /^(RS|PS)/.test(signature) ? 'RS256' : signature.startsWith('Ed') ? 'EdDSA' : signature;
  const { privateJwk, publicJwk } = pairOf(`${owner} ${like}`);
  return { privateJwk: { ...privateJwk, alg: signature }, publicJwk: { ...publicJwk, alg: signature } };
}

/** Each `alg` with each `enc`, and a signature algorithm that goes through all of them. */
function rowsOf(form: ProviderForm): readonly Row[] {
  const { signatures, algorithms, encryptions } = form;
  const rows = algorithms.flatMap(([alg, kind]) =>
    encryptions.map((enc) => ({ form, alg, enc, kind: kindOf(alg, enc, kind) })),
  );
  const [first] = rows;
  const shown = rows.map((row, index) => ({ ...row, signature: signatures[index % signatures.length] }));
  const others = first === undefined ? [] : signatures.map((signature) => ({ ...first, signature }));
  return [...shown, ...others];
}

function kindOf(alg: string, enc: string, kind: KeyKind): KeyKind {
  const direct = KINDS.find((bytes) => bytes === new Map(Object.entries(CONTENT_KEY_BYTES)).get(enc));
  return alg === 'dir' && direct !== undefined ? direct : kind;
}

function keysOf({ kind, signature }: Row): RowKeys {
  return {
    own: pairOf(`own ${kind}`),
    other: pairOf(`other ${kind}`),
    signer: signerOf('own-1', signature),
    otherSigner: signerOf('other-1', signature),
  };
}

const OTHER_ISSUER = 'https://other-issuer.example.com';

const verifiers = new Map<Row, Promise<TokenVerifier>>();

function verifierOf(row: Row): Promise<TokenVerifier> {
  const verifier = verifiers.get(row) ?? createVerifier(row);
  verifiers.set(row, verifier);
  return verifier;
}

/** Trusts the issuer of a row, and another one with keys of the same kind. */
async function createVerifier(row: Row): Promise<TokenVerifier> {
  const { own, other, signer, otherSigner } = keysOf(row);
  const { form } = row;
  const issuers = [
    { keys: own, signatureKey: signer, issuer: form.options.issuer },
    { keys: other, signatureKey: otherSigner, issuer: OTHER_ISSUER },
  ];
  // Tokens without `kid` must match one key.
  const trusted = form.hasKid ? issuers : issuers.slice(0, 1);
  return createTokenVerifier({
    trustedIssuers: await Promise.all(
      trusted.map(async ({ keys, signatureKey, issuer }) =>
        trustedIssuer({
          ...form.options,
          issuer,
          decryption: decryptionFor(keys),
          ...(signatureKey === undefined ? {} : { verification: await verificationOf(signatureKey) }),
        }),
      ),
    ),
    clock,
    tokenCache: false,
  });
}

/** What a token has that the issuer would not write. */
interface Changes {
  readonly header?: object;
  readonly claims?: object;
  readonly signedHeader?: object;
  readonly encryptTo?: JwkPair;
  readonly signWith?: JwkPair | undefined;
  /** Changes the plaintext before encryption. */
  readonly alter?: (content: string) => string;
}

async function make(row: Row, changes: Changes = {}): Promise<string> {
  const { form, alg, enc, signature } = row;
  const { own, signer } = keysOf(row);
  const key = changes.encryptTo ?? own;
  const signWith = changes.signWith ?? signer;
  const claims = JSON.stringify({ ...form.claims, ...changes.claims });
  const signed = {
    alg: signature ?? '',
    kid: signer?.publicJwk['kid'],
    ...form.signedHeader,
    ...changes.signedHeader,
  };
  const content =
    signature === undefined || signWith === undefined
      ? claims
      : await joseMaker.sign(claims, signed, bareJwk(signWith.privateJwk));
  const kid = form.hasKid ? { kid: 'own' } : {};
  const header = { alg, enc, ...kid, ...form.header, ...changes.header };
  const altered = changes.alter?.(content) ?? content;
  return joseMaker.encrypt(altered, header, bareJwk(key.publicJwk));
}

type Case = readonly [
  name: string,
  make: (row: Row) => Promise<string>,
  reason: (row: Row) => string | undefined,
];

const always = (reason: string) => () => reason;
const signedOnly =
  (reason: string) =>
  ({ signature }: Row) =>
    signature === undefined ? undefined : reason;
const unsignedOnly =
  (reason: string) =>
  ({ signature }: Row) =>
    signature === undefined ? reason : undefined;
const hasEncryptedKey = ({ alg }: Row) => alg !== 'dir' && alg !== 'ECDH-ES';
const withClaims = (claims: object) => (row: Row) => make(row, { claims });
const impliesIssuer = ({ form }: Row) => form.options.impliedClaims !== undefined;

/** A change of a token, and the reason for its rejection. `undefined`: the row has no such token. */
const CRYPTOGRAPHIC_CASES: readonly Case[] = [
  ['as it comes', (row) => make(row), always('accepted')],
  [
    'second segment changed',
    async (row) => changeSegment(await make(row), 1),
    (row) => (hasEncryptedKey(row) ? 'decryption' : 'encrypted_key'),
  ],
  ['fifth segment changed', async (row) => changeSegment(await make(row), 4), always('decryption')],
  ['encrypted to another issuer', (row) => make(row, { encryptTo: keysOf(row).other }), always('decryption')],
];

/** The same with some of the encryptions, because these changes do not depend on each of them. */
const OTHER_CASES: readonly Case[] = [
  ['first segment changed', async (row) => changeHeader(await make(row)), always('decryption')],
  ['third segment changed', async (row) => changeSegment(await make(row), 2), always('decryption')],
  ['fourth segment changed', async (row) => changeSegment(await make(row), 3), always('decryption')],
  [
    'signature changed',
    (row) => make(row, { alter: (jws) => changeSegment(jws, 2) }),
    signedOnly('jws_signature'),
  ],
  ['payload changed', (row) => make(row, { alter: widenScope }), signedOnly('jws_signature')],
  ['header of the JWS changed', (row) => make(row, { alter: changeHeader }), signedOnly('jws_signature')],
  [
    'signed by another issuer under this kid',
    (row) => make(row, { signWith: keysOf(row).otherSigner }),
    signedOnly('jws_signature'),
  ],
  [
    'signed by another issuer under its own kid',
    (row) => make(row, { signWith: keysOf(row).otherSigner, signedHeader: { kid: 'other-1' } }),
    signedOnly('jws_unknown_key'),
  ],
  [
    'kid of another issuer',
    (row) => make(row, { header: { kid: 'other' } }),
    (row) => (row.form.hasKid ? (replicatesIssuer(row) ? 'unknown_key' : 'decryption') : 'unknown_key'),
  ],
  ['unknown kid', (row) => make(row, { header: { kid: 'unknown' } }), always('unknown_key')],
  [
    'encrypted to another issuer under its kid',
    (row) => make(row, { encryptTo: keysOf(row).other, header: { kid: 'other' } }),
    (row) => {
      if (!row.form.hasKid || replicatesIssuer(row)) return 'unknown_key';
      return impliesIssuer(row) ? undefined : 'wrong_issuer';
    },
  ],
  [
    'no nested JWS',
    (row) => make(row, { alter: () => JSON.stringify(row.form.claims) }),
    signedOnly('jws_malformed'),
  ],
  [
    'no nested JWS, and none announced',
    (row) => make(row, { header: { cty: undefined }, alter: () => JSON.stringify(row.form.claims) }),
    signedOnly('not_signed'),
  ],
  [
    'unsecured JWS',
    (row) => make(row, { alter: () => unsecured(row) }),
    ({ signature }) => (signature === undefined ? 'content_type' : 'jws_algorithm'),
  ],
  [
    'claims announced as a JWS',
    (row) => make(row, { header: { cty: 'JWT' } }),
    unsignedOnly('jws_malformed'),
  ],
  ['header with another iss', (row) => make(row, { header: { iss: OTHER_ISSUER } }), always('unknown_key')],
  ['header with another sub', (row) => make(row, { header: { sub: 'mallory' } }), always('replicated_claim')],
  ['header with another aud', (row) => make(row, { header: { aud: 'other' } }), always('replicated_claim')],
  ['claims with another iss', withClaims({ iss: OTHER_ISSUER }), always('wrong_issuer')],
  ['expired', withClaims({ iat: NOW - 700, exp: NOW - 100 }), always('expired')],
  ['without exp', withClaims({ exp: undefined }), always('claim_missing')],
  [
    'another audience',
    (row) => make(row, { header: { aud: undefined }, claims: { aud: 'other' } }),
    always('wrong_audience'),
  ],
  [
    'an ID token',
    (row) =>
      make(row, {
        claims: { nonce: 'n' },
        ...(row.signature === undefined ? { header: { typ: 'JWT' } } : { signedHeader: { typ: 'JWT' } }),
      }),
    always('id_token'),
  ],
  [
    'a refresh token',
    (row) =>
      make(
        row,
        row.signature === undefined ? { header: { typ: 'rt+jwt' } } : { signedHeader: { typ: 'rt+jwt' } },
      ),
    always('refresh_token'),
  ],
  ['bound to a key', withClaims({ cnf: { jkt: 'x' } }), always('key_bound')],
];

function nameOf({ alg, kind, enc, signature }: Row): string {
  return [alg, kind, enc, signature].join(' ');
}

function replicatesIssuer({ form }: Row): boolean {
  return 'iss' in form.header;
}

function unsecured({ form }: Row): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${encode({ ...form.signedHeader, alg: 'none' })}.${encode(form.claims)}.`;
}

function widenScope(jws: string): string {
  const [header, payload = '', signature] = jws.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const widened = Buffer.from(JSON.stringify({ ...claims, scope: 'admin' })).toString('base64url');
  return [header, widened, signature].join('.');
}

/**
 * Describe the matrix: each form of a provider, with each of its algorithms, in each case.
 *
 * @param stride interval between the rows that run the other cases, for forms with more than 20 rows.
 */
export function describeMatrix(stride: number): void {
  beforeAll(generateKeys);

  describe.each(PROVIDER_FORMS.map((form) => [form.name, form] as const))('a token of %s', (_name, form) => {
    const rows = rowsOf(form);
    const some = rows.length > 20 ? rows.filter((_, index) => index % stride === 0) : rows;
    const casesFor = (cases: readonly Case[], among: readonly Row[]) =>
      cases.flatMap(([name, forge, reasonFor]) => {
        const cells = among.flatMap((row) => ({ row, reason: reasonFor(row) ?? [] }));
        const applicable = cells.filter(({ reason }) => typeof reason === 'string');
        return applicable.length === 0 ? [] : [{ name, forge, cells: applicable }];
      });

    test.each([...casesFor(CRYPTOGRAPHIC_CASES, rows), ...casesFor(OTHER_CASES, some)])(
      '$name, has its verdict with every algorithm',
      async ({ forge, cells }) => {
        const wrong = [];
        for (const { row, reason } of cells) {
          const found = await reasonOf(await verifierOf(row), await forge(row));
          if (found !== reason) wrong.push(`${nameOf(row)}: ${found}, not ${reason}`);
        }
        expect(wrong).toEqual([]);
      },
    );

    test('is read as its provider means it', async () => {
      const [row] = rows;
      if (row === undefined) throw new Error('The provider has no algorithm');
      const verified = await (await verifierOf(row)).verify(await make(row));

      expect(verified.type).toBe('external');
      expect(verified.claims).toMatchObject(form.read);
    });
  });
}
