import { describe, expect, test } from '@jest/globals';
import { createDecryptionKeys } from '../../src/keys/decryption-keys.js';
import { trustedIssuer } from '../../src/verify/trusted-issuer.js';
import { generateShared } from '../support/key-pairs.js';
import { forgeProviderToken, type ProviderToken } from '../support/providers/forge-provider-token.js';
import { createProviderParties, verifyFromIssuer } from '../support/providers/provider-parties.js';
import { NOW } from '../support/tokens.js';

describe('trustedIssuer with documented tokens of PingAM', () => {
  const encryption = generateShared('dir', { kid: 'am-key', alg: 'dir', enc: 'A128CBC-HS256' });
  /** https://docs.pingidentity.com/pingoneaic/am-oauth2/client-side-tokens.html */
  const documented: ProviderToken = {
    header: { typ: 'JWT', zip: 'NONE', enc: 'A128CBC-HS256', alg: 'dir' },
    claims: {
      sub: '(usr!myClient)',
      subname: 'myClient',
      cts: 'OAUTH2_STATELESS_GRANT',
      auditTrackingId: 'f20f4099-5248-4399-a7f0-2d54d4020099-108676',
      iss: 'https://am.example.com/am/oauth2',
      tokenName: 'access_token',
      token_type: 'Bearer',
      authGrantId: '1LUgI8zcDWqcfEnnLdZDnNqA2wc',
      aud: 'myClient',
      nbf: NOW,
      grant_type: 'client_credentials',
      scope: ['write'],
      auth_time: NOW,
      realm: '/alpha',
      exp: NOW + 3600,
      iat: NOW,
      expires_in: 3600,
      jti: 'FTQT6eZkDhm6PHEaSthORoTLB80',
    },
  };
  const trust = async () =>
    trustedIssuer({
      issuer: 'https://am.example.com/am/oauth2',
      audience: 'myClient',
      scopes: { write: 'write:documents' },
      typ: 'JWT',
      requiredClaims: ['tokenName'],
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A128CBC-HS256'],
      decryption: await createDecryptionKeys({ jwk: encryption }),
    });

  test('accepts an unsigned token with an array as scope', async () => {
    // jose does not write zip, so the header says everything else.
    const { zip: _, ...header } = documented.header;
    const token = await forgeProviderToken(
      { ...documented, header: { ...header, alg: 'dir', enc: 'A128CBC-HS256' } },
      { encryption },
    );
    const { scope, claims } = await verifyFromIssuer(token, await trust());

    expect(scope).toEqual(['write:documents']);
    expect(claims).toMatchObject({ tokenName: 'access_token', sub: '(usr!myClient)' });
  });
});

describe('trustedIssuer with documented tokens of SmallRye JWT', () => {
  test('accepts a nested token with groups as scope', async () => {
    const parties = await createProviderParties({ encryption: 'api-1', signature: 'quarkus' });
    const token = await parties.issue({
      header: { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'api-1', cty: 'JWT' },
      signedHeader: { alg: 'RS256', typ: 'JWT', kid: 'quarkus' },
      claims: {
        iss: 'https://orders.example.com',
        aud: 'https://api.example.com',
        sub: 'alice',
        upn: 'alice',
        groups: ['reader', 'writer'],
        iat: NOW,
        exp: NOW + 300,
        jti: 'a-123',
      },
    });
    const trusted = trustedIssuer({
      issuer: 'https://orders.example.com',
      audience: 'https://api.example.com',
      scopes: { reader: 'read:documents' },
      scopeClaim: 'groups',
      typ: 'JWT',
      decryption: parties.decryption,
      verification: parties.verification,
    });

    expect((await verifyFromIssuer(token, trusted)).scope).toEqual(['read:documents']);
  });
});

describe('trustedIssuer with tokens of Auth0 for APIs with RBAC', () => {
  test('reads permissions although scope differs', async () => {
    const parties = await createProviderParties({ encryption: 'api-1', signature: 'tenant' });
    const token = await parties.issue({
      header: { alg: 'RSA-OAEP-256', enc: 'A256GCM', kid: 'api-1' },
      signedHeader: { alg: 'RS256', typ: 'at+jwt', kid: 'tenant' },
      claims: {
        iss: 'https://my-domain.auth0.com/',
        aud: 'https://api.example.com',
        sub: 'auth0|1',
        client_id: 'c',
        scope: 'openid profile',
        permissions: ['read:documents'],
        iat: NOW,
        exp: NOW + 300,
        jti: 'j',
      },
    });
    const trusted = trustedIssuer({
      issuer: 'https://my-domain.auth0.com/',
      audience: 'https://api.example.com',
      scopes: ['read:documents'],
      scopeClaim: 'permissions',
      decryption: parties.decryption,
      verification: parties.verification,
    });

    expect((await verifyFromIssuer(token, trusted)).scope).toEqual(['read:documents']);
  });
});
