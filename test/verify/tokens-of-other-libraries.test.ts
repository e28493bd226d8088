import { describe, expect, test } from '@jest/globals';
import type { TokenVerifier } from '../../src/verify/token-verifier.js';
import { changeSegment } from '../support/change-segment.js';
import { externalClaims, IDP, trustIdp, verifierOf } from '../support/external-tokens.js';
import { failuresOf } from '../support/failures-of.js';
import type { ForeignTokenRequest } from '../support/foreign-tokens/foreign-token-request.js';
import { makeForeignToken } from '../support/foreign-tokens/make-foreign-token.js';
import { describeWithJwcrypto } from '../support/jwcrypto.js';
import type { JwkPair } from '../support/key-pairs.js';
import { reasonOf } from '../support/reason-of.js';
import {
  decryptionOf,
  generateKind,
  generateSignatureKey,
  type KeyKind,
  verificationOf,
} from '../support/trusted-keys.js';

const KINDS: readonly KeyKind[] = ['RSA', 'P-256', 'P-384', 'P-521', 'X25519', 16, 24, 32, 48, 64];
const pairs = new Map(KINDS.map((kind, index) => [kind, generateKind(kind, index, String(kind))]));
const pairOf = (kind: KeyKind): JwkPair => pairs.get(kind) ?? generateKind(kind, 0);

const SIGNATURES = ['RS256', 'PS384', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const signers = new Map(SIGNATURES.map((alg) => [alg, generateSignatureKey(alg, alg)]));

/** A rotating subset: every `alg`, `enc` and signature algorithm occurs. */
const ROWS: readonly (readonly [alg: string, kind: KeyKind, enc: string, signature?: string])[] = [
  ['RSA-OAEP', 'RSA', 'A192CBC-HS384', 'RS256'],
  ['RSA-OAEP-256', 'RSA', 'A256GCM', 'PS384'],
  ['ECDH-ES', 'P-256', 'A128GCM', 'ES256'],
  ['ECDH-ES', 'P-521', 'A256GCM', 'ES512'],
  ['ECDH-ES+A128KW', 'P-384', 'A128CBC-HS256', 'ES384'],
  ['ECDH-ES+A192KW', 'P-256', 'A192GCM', 'RS256'],
  ['ECDH-ES+A256KW', 'P-256', 'A256GCM', 'ES256'],
  ['dir', 16, 'A128GCM'],
  ['dir', 32, 'A256GCM'],
  ['dir', 64, 'A256CBC-HS512'],
  ['A128KW', 16, 'A128CBC-HS256'],
  ['A192KW', 24, 'A192GCM'],
  ['A256KW', 32, 'A256CBC-HS512'],
];
/** node-jose has no X25519 and Ed25519. */
const OKP_ROWS: typeof ROWS = [
  ['ECDH-ES', 'X25519', 'A256GCM', 'EdDSA'],
  ['ECDH-ES+A256KW', 'X25519', 'A256CBC-HS512', 'EdDSA'],
];

const SHARED_ISSUER = 'https://shared.example.com';
const ALGORITHMS = {
  keyManagementAlgorithms: [
    ...(['dir', 'A128KW', 'A192KW', 'A256KW', 'RSA-OAEP', 'RSA-OAEP-256'] as const),
    ...(['ECDH-ES', 'ECDH-ES+A128KW', 'ECDH-ES+A192KW', 'ECDH-ES+A256KW'] as const),
  ],
  contentEncryptionAlgorithms: [
    ...(['A128GCM', 'A192GCM', 'A256GCM', 'A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512'] as const),
  ],
  signatureAlgorithms: ['RS256', 'PS384', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const,
};

async function createVerifier(): Promise<TokenVerifier> {
  const isShared = ({ privateJwk }: JwkPair) => privateJwk['kty'] === 'oct';
  const all = [...pairs.values()];
  const verification = await verificationOf(...signers.values());
  return verifierOf([
    await trustIdp(
      { keys: await decryptionOf(...all.filter((pair) => !isShared(pair))), signer: verification },
      ALGORITHMS,
    ),
    await trustIdp(
      { keys: await decryptionOf(...all.filter(isShared)) },
      { ...ALGORITHMS, issuer: SHARED_ISSUER },
    ),
  ]);
}

const verifier = await createVerifier();

/** The request for a token of a row. */
function requestOf(
  by: ForeignTokenRequest['by'],
  [alg, kind, enc, signature]: (typeof ROWS)[number],
): ForeignTokenRequest {
  const { publicJwk: encryptionKey } = pairOf(kind);
  const named = { by, encryptionKey, alg, enc };
  const claims = externalClaims({ iss: signature === undefined ? SHARED_ISSUER : IDP });
  const signer = signature === undefined ? undefined : signers.get(signature);
  if (signature === undefined || signer === undefined) {
    return { ...named, header: { kid: String(kind), typ: 'at+jwt' }, claims };
  }
  const inner = {
    alg: signature,
    header: { kid: signature, typ: 'at+jwt' },
    claims,
    signingKey: signer.privateJwk,
  };
  return { ...named, header: { kid: String(kind), cty: 'JWT' }, inner };
}

const describeMaker = { jose: describe, 'node-jose': describe, jwcrypto: describeWithJwcrypto };

describe.each(['jose', 'node-jose', 'jwcrypto'] as const)('tokens of %s', (by) => {
  const rows = by === 'node-jose' ? ROWS : [...ROWS, ...OKP_ROWS];

  describeMaker[by]('with its algorithms', () => {
    test('are accepted as they come, and rejected with any segment changed', async () => {
      const failures = await failuresOf(rows, async (row) => {
        const token = await makeForeignToken(requestOf(by, row));
        expect((await verifier.verify(token)).claims).toMatchObject({
          sub: 'alice',
          jti: 'j1',
          scope: 'read',
        });
        for (const segment of [1, 2, 3, 4]) {
          const reason = await reasonOf(verifier, changeSegment(token, segment));
          expect(['decryption', 'encrypted_key']).toContain(reason);
        }
      });

      expect(failures).toEqual([]);
    });
  });
});
