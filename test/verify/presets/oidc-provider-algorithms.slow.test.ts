import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDecryptionKeys } from '../../../src/keys/decryption-keys.js';
import {
  CONTENT_KEY_BYTES,
  type ContentEncryptionAlgorithm,
  isContentEncryptionAlgorithm,
  isKeyManagementAlgorithm,
  KEY_MANAGEMENT,
} from '../../../src/keys/jwe-algorithms.js';
import type { Jwk } from '../../../src/keys/jwk.js';
import { remoteJwks } from '../../../src/keys/remote-jwks.js';
import { VERIFICATION_ALGORITHMS } from '../../../src/keys/verification-algorithms.js';
import { oidcProvider } from '../../../src/verify/presets/oidc-provider.js';
import type { PresetOptions } from '../../../src/verify/presets/preset-options.js';
import { createTokenVerifier, type TokenVerifier } from '../../../src/verify/token-verifier.js';
import { generateEc, generateOkp, generateRsa } from '../../support/key-pairs.js';
import {
  type OidcProvider,
  type OidcTokenRequest,
  startOidcProvider,
} from '../../support/providers/oidc-provider.js';
import { AUDIENCE, secretOf } from '../../support/tokens.js';

const PAIRS = [
  generateRsa({ kid: 'RSA' }),
  ...['P-256', 'P-384', 'P-521'].map((curve) => generateEc(curve, { kid: curve })),
  generateOkp('x25519', { kid: 'X25519' }),
];
const SHARED: readonly Jwk[] = [16, 24, 32, 48, 64].map((length) => ({
  ...{ kty: 'oct', kid: `${length}-bytes` },
  k: Buffer.concat([secretOf(length), secretOf(length + 1)])
    .subarray(0, length)
    .toString('base64url'),
}));
const ENCS = Object.keys(CONTENT_KEY_BYTES).filter(isContentEncryptionAlgorithm);
const ALGS = Object.keys(KEY_MANAGEMENT).filter(isKeyManagementAlgorithm);

/** Keys for an algorithm, by `kid`. */
function listKids(alg: string, enc: ContentEncryptionAlgorithm): readonly string[] {
  if (alg.startsWith('RSA')) return ['RSA'];
  if (alg.startsWith('ECDH')) return ['P-256', 'P-384', 'P-521', 'X25519'];
  const bytes = alg === 'dir' ? CONTENT_KEY_BYTES[enc] : Number(alg.slice(1, 4)) / 8;
  return [`${bytes}-bytes`];
}

const COMBINATIONS = ENCS.flatMap((enc) =>
  ALGS.flatMap((alg) => listKids(alg, enc).map((kid) => ({ alg, enc, kid }))),
);

let provider: OidcProvider;
/** Verifiers of signed tokens, by public key and by shared key, and of unsigned ones. */
let verifiers: Readonly<Record<'public' | 'shared' | 'unsigned', TokenVerifier>>;

beforeAll(async () => {
  provider = await startOidcProvider([...PAIRS.map(({ publicJwk }) => publicJwk), ...SHARED]);
  const base = {
    ...{ issuer: provider.issuer, audience: AUDIENCE, scopes: ['read:documents'] },
    ...{ keyManagementAlgorithms: ALGS, contentEncryptionAlgorithms: ENCS },
    signatureAlgorithms: VERIFICATION_ALGORITHMS,
  };
  const verification = remoteJwks({ url: `${provider.issuer}/jwks` });
  const create = (options: Pick<PresetOptions, 'decryption' | 'verification'>) =>
    createTokenVerifier({ trustedIssuers: [oidcProvider({ ...base, ...options })] });
  const pairs = await createDecryptionKeys({ jwks: { keys: PAIRS.map(({ privateJwk }) => privateJwk) } });
  const secrets = await createDecryptionKeys({ jwks: { keys: SHARED } });
  verifiers = {
    public: create({ decryption: pairs, verification }),
    shared: create({ decryption: secrets, verification }),
    unsigned: create({ decryption: secrets }),
  };
});

afterAll(() => provider.close());

async function subjectOf(request: OidcTokenRequest): Promise<unknown> {
  const isShared = request.kid.endsWith('bytes');
  const name = isShared ? (request.signatureAlg === undefined ? 'unsigned' : 'shared') : 'public';
  return (await verifiers[name].verify(await provider.issueToken(request))).claims.sub;
}

describe('tokens of the package oidc-provider', () => {
  test.each(COMBINATIONS)('are accepted with $alg and $enc under the key $kid', async (combination) => {
    expect(await subjectOf({ ...combination, signatureAlg: 'ES256' })).toBe('partner');
  });

  test.each(COMBINATIONS.filter(({ kid }) => kid.endsWith('bytes')))(
    'are accepted without a signature with $alg and $enc',
    async (combination) => {
      expect(await subjectOf(combination)).toBe('partner');
    },
  );

  test.each(VERIFICATION_ALGORITHMS.filter((alg) => alg !== 'Ed25519'))(
    'are accepted with the signature algorithm %s after a sign-in',
    async (signatureAlg) => {
      const request = { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'RSA', signatureAlg };

      expect(await subjectOf({ ...request, grant: 'authorization_code' })).toBe('alice');
    },
  );
});
