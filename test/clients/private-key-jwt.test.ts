import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { importJWK } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { type AssertionServer, startAssertionServer } from '../support/assertion-server.js';
import { assertionFile, generateClientKey, jwksField } from '../support/client-keys.js';
import { generateOkp, generateRsa } from '../support/key-pairs.js';

const CLIENT_ID = 'billing';

const PAIRS = {
  ES256: generateClientKey('ES256'),
  Ed25519: generateOkp('ed25519', { kid: 'Ed25519', alg: 'Ed25519' }),
  PS256: generateRsa({ kid: 'PS256', alg: 'PS256' }),
  RS256: generateRsa({ kid: 'RS256', alg: 'RS256' }),
};
const ALGORITHMS = ['ES256', 'Ed25519', 'PS256', 'RS256'] as const;

let server: AssertionServer;

beforeAll(async () => {
  const keys = ALGORITHMS.map((alg) => PAIRS[alg].publicJwk);
  server = await startAssertionServer(() => ({
    'billing.yaml': assertionFile(CLIENT_ID, jwksField(...keys), 'permissions: [read]'),
  }));
});

afterAll(() => server.stop());

/** The private key of the client, as both libraries take it. */
async function privateKeyOf(alg: (typeof ALGORITHMS)[number]): Promise<oauth.PrivateKey> {
  const key = await importJWK({ ...PAIRS[alg].privateJwk }, alg);
  if (key instanceof Uint8Array) throw new Error('The key is symmetric');
  return { key, kid: alg };
}

describe.each(ALGORITHMS)('with the algorithm %s', (alg) => {
  test('openid-client gets, refreshes, introspects and revokes tokens with private_key_jwt', async () => {
    const configuration = await openid.discovery(
      new URL(server.issuer),
      CLIENT_ID,
      undefined,
      openid.PrivateKeyJwt(await privateKeyOf(alg)),
      { algorithm: 'oauth2', execute: [openid.allowInsecureRequests] },
    );
    const first = await openid.clientCredentialsGrant(configuration, { scope: 'read offline_access' });
    const second = await openid.refreshTokenGrant(configuration, first.refresh_token ?? '');
    const live = await openid.tokenIntrospection(configuration, second.access_token);
    await openid.tokenRevocation(configuration, second.refresh_token ?? '');

    expect(live).toMatchObject({ active: true, client_id: CLIENT_ID, scope: 'read' });
    expect(await openid.tokenIntrospection(configuration, second.access_token)).toEqual({ active: false });
  });

  test('oauth4webapi gets, introspects and revokes tokens with private_key_jwt', async () => {
    const options = { [oauth.allowInsecureRequests]: true };
    const issuer = new URL(server.issuer);
    const metadata = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' }),
    );
    const client = { client_id: CLIENT_ID };
    const authentication = oauth.PrivateKeyJwt(await privateKeyOf(alg));
    const { access_token: token } = await oauth.processClientCredentialsResponse(
      metadata,
      client,
      await oauth.clientCredentialsGrantRequest(metadata, client, authentication, {}, options),
    );
    const introspect = async () =>
      oauth.processIntrospectionResponse(
        metadata,
        client,
        await oauth.introspectionRequest(metadata, client, authentication, token, options),
      );

    expect(await introspect()).toMatchObject({ active: true, client_id: CLIENT_ID });
    await oauth.processRevocationResponse(
      await oauth.revocationRequest(metadata, client, authentication, token, options),
    );
    expect(await introspect()).toEqual({ active: false });
  });
});

test('oauth4webapi is rejected with a key that is not registered', async () => {
  const issuer = new URL(server.issuer);
  const { privateJwk } = generateClientKey('ES256');
  const key = await importJWK({ ...privateJwk }, 'ES256');
  if (key instanceof Uint8Array) throw new Error('The key is symmetric');
  const metadata = { issuer: server.issuer, token_endpoint: `${issuer}oauth/token` };
  const authentication = oauth.PrivateKeyJwt({ key, kid: 'ES256' });
  const client = { client_id: CLIENT_ID };
  const answer = await oauth.clientCredentialsGrantRequest(
    metadata,
    client,
    authentication,
    {},
    {
      [oauth.allowInsecureRequests]: true,
    },
  );

  await expect(oauth.processClientCredentialsResponse(metadata, client, answer)).rejects.toThrow(
    oauth.WWWAuthenticateChallengeError,
  );
});
