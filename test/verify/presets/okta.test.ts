import { describe, expect, test } from '@jest/globals';
import { okta } from '../../../src/verify/presets/okta.js';
import type { PresetOptions } from '../../../src/verify/presets/preset-options.js';
import { rejectionOf } from '../../support/caught.js';
import type { ProviderToken } from '../../support/providers/forge-provider-token.js';
import { createProviderParties, verifyFromIssuer } from '../../support/providers/provider-parties.js';
import { NOW } from '../../support/tokens.js';

const parties = await createProviderParties({ encryption: 'api-1', signature: 'okta-key' });

const OPTIONS: PresetOptions = {
  issuer: 'https://example.okta.com/oauth2/default',
  audience: 'api://default',
  scopes: { 'documents.read': 'read:documents' },
  decryption: parties.decryption,
  verification: parties.verification,
};

const DOCUMENTED: ProviderToken = {
  header: { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'api-1', cty: 'JWT' },
  signedHeader: { kid: 'okta-key', alg: 'RS256' },
  claims: {
    ver: 1,
    jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
    iss: OPTIONS.issuer,
    aud: 'api://default',
    sub: 'jane@example.com',
    iat: NOW,
    exp: NOW + 3600,
    cid: 'nmdP1fcyvdVO11AL7ECm',
    uid: '00ujmkLgagxeRrAg20g3',
    scp: ['openid', 'documents.read'],
    auth_time: NOW,
  },
};

const { cid: _cid, scp: _scp, ...claimsOfIdToken } = DOCUMENTED.claims;

describe('okta', () => {
  test('accepts a documented token, with the client and the mapped scope', async () => {
    const { scope, claims } = await verifyFromIssuer(await parties.issue(DOCUMENTED), okta(OPTIONS));

    expect(scope).toEqual(['read:documents']);
    expect(claims).toMatchObject({ client_id: 'nmdP1fcyvdVO11AL7ECm', uid: '00ujmkLgagxeRrAg20g3' });
  });

  test('rejects an ID token even if the application requires other claims', async () => {
    const token = await parties.issue({ ...DOCUMENTED, claims: claimsOfIdToken });
    const issuer = okta({ ...OPTIONS, requiredClaims: ['sub'] });

    expect(await rejectionOf(verifyFromIssuer(token, issuer))).toMatchObject({ reason: 'claim_missing' });
  });

  test.each(['A128GCM', 'A192GCM', 'A256GCM', 'A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512'])(
    'accepts %s, since Okta does not document enc',
    async (enc) => {
      const token = await parties.issue({ ...DOCUMENTED, header: { ...DOCUMENTED.header, enc } });

      expect((await verifyFromIssuer(token, okta(OPTIONS))).claims.sub).toBe('jane@example.com');
    },
  );

  test('rejects RSA-OAEP with SHA-1', async () => {
    const token = await parties.issue({ ...DOCUMENTED, header: { ...DOCUMENTED.header, alg: 'RSA-OAEP' } });

    expect(await rejectionOf(verifyFromIssuer(token, okta(OPTIONS)))).toMatchObject({ reason: 'algorithm' });
  });

  test('rejects an ID token, which has no cid', async () => {
    const token = await parties.issue({ ...DOCUMENTED, claims: claimsOfIdToken });

    expect(await rejectionOf(verifyFromIssuer(token, okta(OPTIONS)))).toMatchObject({
      reason: 'claim_missing',
    });
  });

  test('rejects tokens of the org authorization server by typ', async () => {
    const signedHeader = { kid: 'okta-key', alg: 'RS256', typ: 'application/okta-internal-at+jwt' };
    const token = await parties.issue({ ...DOCUMENTED, signedHeader });

    expect(await rejectionOf(verifyFromIssuer(token, okta(OPTIONS)))).toMatchObject({ reason: 'wrong_typ' });
  });

  test.each(['https://example.okta.com', 'https://example.okta.com/oauth2/default/'])(
    'rejects the issuer %s',
    (issuer) => {
      expect(() => okta({ ...OPTIONS, issuer })).toThrow(
        'okta: issuer must be a custom authorization server',
      );
    },
  );
});
