import { describe, expect, test } from '@jest/globals';
import { createDecryptionKeys } from '../../../src/keys/decryption-keys.js';
import { createVerificationKeys } from '../../../src/keys/verification-keys.js';
import { openIddict } from '../../../src/verify/presets/open-iddict.js';
import type { PresetOptions } from '../../../src/verify/presets/preset-options.js';
import { rejectionOf } from '../../support/caught.js';
import { generateRsa, generateShared } from '../../support/key-pairs.js';
import { forgeProviderToken, type ProviderToken } from '../../support/providers/forge-provider-token.js';
import { createProviderParties, verifyFromIssuer } from '../../support/providers/provider-parties.js';
import { NOW } from '../../support/tokens.js';

const ENCRYPTION = '151F3F3DE2E1AFB933E2F53F4ECC30C85AADF4DF';
const SIGNATURE = 'BB83C927BBD9D8627AC1CD16005ADD331BD23345';
const parties = await createProviderParties({ encryption: ENCRYPTION, signature: SIGNATURE });

const OPTIONS: PresetOptions = {
  issuer: 'https://localhost:44339/',
  audience: 'Cars',
  scopes: { Cars: 'read:cars' },
  decryption: parties.decryption,
  verification: parties.verification,
};

/** Headers and claims of OpenIddict 5 with certificates. */
const OBSERVED: ProviderToken = {
  header: { alg: 'RSA-OAEP', enc: 'A256CBC-HS512', kid: ENCRYPTION, typ: 'at+jwt', cty: 'JWT' },
  signedHeader: { alg: 'RS256', kid: SIGNATURE, x5t: 'u4PJJ7vZ2GJ6wc0WAFrdMxvSM0U', typ: 'at+jwt' },
  claims: {
    oi_prst: 'Cars_Swagger',
    client_id: 'Cars_Swagger',
    oi_tkn_id: 'db2e0862-4d44-61bf-fc00-3a119243c3c3',
    aud: 'Cars',
    scope: 'Cars',
    jti: '777ce15e-6ad6-4784-96ce-5679e4cd2cc4',
    iss: 'https://localhost:44339/',
    exp: NOW + 3600,
    iat: NOW,
  },
};

describe('openIddict', () => {
  test('accepts a token that OpenIddict issued for client credentials, without sub', async () => {
    const { scope, claims } = await verifyFromIssuer(await parties.issue(OBSERVED), openIddict(OPTIONS));

    expect(scope).toEqual(['read:cars']);
    expect(claims).toMatchObject({ client_id: 'Cars_Swagger', oi_prst: 'Cars_Swagger' });
  });

  test('accepts a token without cty, as before Microsoft.IdentityModel 6.18', async () => {
    const { cty: _, ...header } = OBSERVED.header;
    const token = await parties.issue({ ...OBSERVED, header });

    expect((await verifyFromIssuer(token, openIddict(OPTIONS))).claims.jti).toBe(OBSERVED.claims['jti']);
  });

  test('accepts a signed token under a symmetric key', async () => {
    const encryption = generateShared('A256KW', { kid: 'symmetric' });
    const signer = generateRsa({ kid: SIGNATURE, alg: 'RS256' });
    const header = { ...OBSERVED.header, alg: 'A256KW', kid: 'symmetric' };
    const token = await forgeProviderToken(
      { ...OBSERVED, header },
      { encryption, signature: signer.privateJwk },
    );
    const trusted = openIddict({
      ...OPTIONS,
      decryption: await createDecryptionKeys({ jwk: encryption }),
      verification: await createVerificationKeys({ jwk: signer.publicJwk }),
    });

    expect((await verifyFromIssuer(token, trusted)).claims.client_id).toBe('Cars_Swagger');
  });

  test.each(['oi_refresh+jwt', 'oi_auc+jwt'])('rejects %s, which has the same key', async (typ) => {
    const signedHeader = { alg: 'RS256', kid: SIGNATURE, typ };
    const token = await parties.issue({ ...OBSERVED, header: { ...OBSERVED.header, typ }, signedHeader });

    expect(await rejectionOf(verifyFromIssuer(token, openIddict(OPTIONS)))).toMatchObject({
      reason: 'wrong_typ',
    });
  });

  test('rejects A256GCM, which OpenIddict does not use by default', async () => {
    const token = await parties.issue({ ...OBSERVED, header: { ...OBSERVED.header, enc: 'A256GCM' } });

    expect(await rejectionOf(verifyFromIssuer(token, openIddict(OPTIONS)))).toMatchObject({
      reason: 'algorithm',
    });
  });
});
