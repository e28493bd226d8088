import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDecryptionKeys, type DecryptionKeys } from '../../../src/keys/decryption-keys.js';
import { discoverJwks } from '../../../src/keys/discover-jwks.js';
import type { VerificationKeys } from '../../../src/keys/verification-keys.js';
import { oidcProvider } from '../../../src/verify/presets/oidc-provider.js';
import type { PresetOptions } from '../../../src/verify/presets/preset-options.js';
import { createTokenVerifier } from '../../../src/verify/token-verifier.js';
import { rejectionOf } from '../../support/caught.js';
import { generateOkp, generateShared } from '../../support/key-pairs.js';
import { type OidcProvider, startOidcProvider } from '../../support/providers/oidc-provider.js';
import { AUDIENCE } from '../../support/tokens.js';

const pair = generateOkp('x25519', { kid: 'api-1' });
const shared = generateShared('A256GCM', { kid: 'shared' });
const TO_PUBLIC = { kid: 'api-1', alg: 'ECDH-ES', enc: 'A256GCM', signatureAlg: 'ES256' };
const UNDER_SHARED = { kid: 'shared', alg: 'dir', enc: 'A256GCM' };

let provider: OidcProvider;
let verification: VerificationKeys;
let decryption: DecryptionKeys;

beforeAll(async () => {
  provider = await startOidcProvider([pair.publicJwk, shared]);
  verification = discoverJwks({ issuer: provider.issuer, allowPrivate: true });
  decryption = await createDecryptionKeys({ jwk: pair.privateJwk });
});

afterAll(() => provider.close());

function createVerifier(options: Partial<PresetOptions>) {
  const base = { issuer: provider.issuer, audience: AUDIENCE, scopes: ['read:documents'], decryption };
  return createTokenVerifier({ trustedIssuers: [oidcProvider({ ...base, ...options })] });
}

describe('oidcProvider with tokens of the package oidc-provider', () => {
  test.each([
    ['client_credentials', 'partner'],
    ['authorization_code', 'alice'],
  ] as const)('accepts a token of the grant %s', async (grant, sub) => {
    const token = await provider.issueToken({ ...TO_PUBLIC, grant });
    const { type, claims, scope } = await createVerifier({ verification }).verify(token);

    expect({ type, scope }).toEqual({ type: 'external', scope: ['read:documents'] });
    expect(claims).toMatchObject({ sub, client_id: 'partner', iss: provider.issuer, aud: AUDIENCE });
  });

  test('accepts a token without kid', async () => {
    const token = await provider.issueToken({ ...TO_PUBLIC, isNamed: false });

    expect((await createVerifier({ verification }).verify(token)).claims.sub).toBe('partner');
  });

  test('accepts an unsigned token under a shared key without verification keys', async () => {
    const token = await provider.issueToken(UNDER_SHARED);
    const verifier = createVerifier({ decryption: await createDecryptionKeys({ jwk: shared }) });

    expect((await verifier.verify(token)).claims.sub).toBe('partner');
  });

  test('requires the signature under a shared key with verification keys', async () => {
    const secret = await createDecryptionKeys({ jwk: shared });
    const verifier = createVerifier({ decryption: secret, verification });
    const signed = await provider.issueToken({ ...UNDER_SHARED, signatureAlg: 'EdDSA' });
    const unsigned = await provider.issueToken(UNDER_SHARED);

    expect((await verifier.verify(signed)).claims.sub).toBe('partner');
    expect(await rejectionOf(verifier.verify(unsigned))).toMatchObject({ reason: 'not_signed' });
  });

  test('rejects the tokens of a different server', async () => {
    const token = await provider.issueToken(TO_PUBLIC);
    const verifier = createVerifier({ issuer: 'https://auth.example.com', verification });

    expect(await rejectionOf(verifier.verify(token))).toMatchObject({ status: 401 });
  });
});
