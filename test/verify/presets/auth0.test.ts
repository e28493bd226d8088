import { describe, expect, test } from '@jest/globals';
import { type Auth0Options, auth0 } from '../../../src/verify/presets/auth0.js';
import { rejectionOf } from '../../support/caught.js';
import type { ProviderToken } from '../../support/providers/forge-provider-token.js';
import { createProviderParties, verifyFromIssuer } from '../../support/providers/provider-parties.js';
import { NOW } from '../../support/tokens.js';

const parties = await createProviderParties({ encryption: 'my-kid', signature: 'tenant-key' });

const OPTIONS: Auth0Options = {
  issuer: 'https://my-domain.auth0.com/',
  audience: 'https://example.com/health-api',
  scopes: ['read:patients'],
  decryption: parties.decryption,
  verification: parties.verification,
};

/** https://auth0.com/docs/secure/tokens/access-tokens/access-token-profiles */
const STANDARD: ProviderToken = {
  header: { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'my-kid' },
  signedHeader: { alg: 'RS256', typ: 'at+jwt', kid: 'tenant-key' },
  claims: {
    iss: 'https://my-domain.auth0.com/',
    sub: 'auth0|123456',
    aud: ['https://example.com/health-api', 'https://my-domain.auth0.com/userinfo'],
    client_id: 'my_client_id',
    exp: NOW + 86_400,
    iat: NOW,
    jti: '73WakrfVbNJBaAmhQtEeDv',
    scope: 'openid profile read:patients read:admin',
    my_custom_claim: 'my_custom_value',
  },
};

const { client_id: azp, jti: _, ...sharedClaims } = STANDARD.claims;
const OF_AUTH0: ProviderToken = {
  ...STANDARD,
  signedHeader: { alg: 'RS256', typ: 'JWT', kid: 'tenant-key' },
  claims: { ...sharedClaims, azp },
};

describe('auth0', () => {
  test('accepts a documented token of the profile RFC 9068', async () => {
    const { type, claims, scope } = await verifyFromIssuer(await parties.issue(STANDARD), auth0(OPTIONS));

    expect({ type, scope }).toEqual({ type: 'external', scope: ['read:patients'] });
    expect(claims).toMatchObject({ sub: 'auth0|123456', client_id: 'my_client_id', aud: [OPTIONS.audience] });
  });

  test.each(['access_token', 'access_token_authz'] as const)(
    'accepts a documented token of the default profile with the dialect %s',
    async (dialect) => {
      const token = await parties.issue(OF_AUTH0);
      const { claims } = await verifyFromIssuer(token, auth0({ ...OPTIONS, dialect }));

      expect(claims).toMatchObject({ client_id: 'my_client_id', jti: expect.stringMatching(/^sha-256:/) });
    },
  );

  test('rejects tokens of the default profile without the dialect', async () => {
    const token = await parties.issue(OF_AUTH0);

    expect(await rejectionOf(verifyFromIssuer(token, auth0(OPTIONS)))).toMatchObject({ reason: 'wrong_typ' });
  });

  test.each(['RSA-OAEP-256', 'RSA-OAEP-384', 'RSA-OAEP-512'])('accepts %s', async (alg) => {
    const token = await parties.issue({ ...STANDARD, header: { ...STANDARD.header, alg } });

    expect((await verifyFromIssuer(token, auth0(OPTIONS))).claims.sub).toBe('auth0|123456');
  });

  test.each([{ alg: 'RSA-OAEP' }, { enc: 'A256CBC-HS512' }])('rejects %j', async (members) => {
    const token = await parties.issue({ ...STANDARD, header: { ...STANDARD.header, ...members } });

    expect(await rejectionOf(verifyFromIssuer(token, auth0(OPTIONS)))).toMatchObject({ reason: 'algorithm' });
  });

  test('accepts a token without kid, which Auth0 omits for keys without an identifier', async () => {
    const token = await parties.issue({ ...STANDARD, header: { alg: 'RSA-OAEP-256', enc: 'A256GCM' } });

    expect((await verifyFromIssuer(token, auth0(OPTIONS))).claims.sub).toBe('auth0|123456');
  });

  test('lets options override the defaults', async () => {
    const token = await parties.issue({ ...STANDARD, header: { ...STANDARD.header, enc: 'A128GCM' } });
    const trusted = auth0({ ...OPTIONS, contentEncryptionAlgorithms: ['A128GCM'] });

    expect((await verifyFromIssuer(token, trusted)).claims.sub).toBe('auth0|123456');
  });

  test('names a missing slash', () => {
    expect(() => auth0({ ...OPTIONS, issuer: 'https://my-domain.auth0.com' })).toThrow(
      'auth0: issuer must end with a slash',
    );
  });
});
