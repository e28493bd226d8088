import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { createAuditTrail } from 'passport-jwe';
import { type Gateway, startGateway } from '../../examples/gateway/gateway.js';
import { readSettings } from '../../examples/gateway/settings.js';

const CLIENT_ID = 'demo';

let home = '';
let gateway: Gateway;
let secret = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'passport-jwe-clients-'));
  const settings = readSettings({ PORT: '0', DATA_DIR: join(home, 'data') });
  gateway = await startGateway(settings, createAuditTrail({ sinks: [] }));
  secret = gateway.demoApiKey ?? '';
});

afterAll(async () => {
  await gateway.close();
  await rm(home, { recursive: true });
});

async function statusWith(token: string): Promise<number> {
  const headers = { Authorization: `Bearer ${token}` };
  return (await fetch(`${gateway.origin}/documents`, { headers })).status;
}

describe('openid-client', () => {
  test('discovers, gets tokens, refreshes, introspects and revokes', async () => {
    const configuration = await openid.discovery(
      new URL(gateway.origin),
      CLIENT_ID,
      undefined,
      openid.ClientSecretBasic(secret),
      { algorithm: 'oauth2', execute: [openid.allowInsecureRequests] },
    );
    const first = await openid.clientCredentialsGrant(configuration, {
      scope: 'read:documents offline_access',
    });
    expect(first).toMatchObject({ token_type: 'bearer', scope: 'read:documents offline_access' });
    expect(await statusWith(first.access_token)).toBe(200);

    const second = await openid.refreshTokenGrant(configuration, first.refresh_token ?? '');
    expect(second.refresh_token).not.toBe(first.refresh_token);
    expect(await statusWith(second.access_token)).toBe(200);

    const live = await openid.tokenIntrospection(configuration, second.access_token);
    expect(live).toMatchObject({ active: true, client_id: CLIENT_ID, scope: 'read:documents' });

    await openid.tokenRevocation(configuration, second.refresh_token ?? '');
    expect(await statusWith(second.access_token)).toBe(401);
    expect(await openid.tokenIntrospection(configuration, second.access_token)).toEqual({ active: false });
    await expect(openid.refreshTokenGrant(configuration, second.refresh_token ?? '')).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
});

describe('oauth4webapi', () => {
  test('discovers, gets tokens, refreshes, introspects and revokes', async () => {
    const options = { [oauth.allowInsecureRequests]: true };
    const issuer = new URL(gateway.origin);
    const server = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' }),
    );
    const client = { client_id: CLIENT_ID };
    const authentication = oauth.ClientSecretPost(secret);

    const first = await oauth.processClientCredentialsResponse(
      server,
      client,
      await oauth.clientCredentialsGrantRequest(
        server,
        client,
        authentication,
        { scope: 'read:documents offline_access' },
        options,
      ),
    );
    expect(await statusWith(first.access_token)).toBe(200);

    const second = await oauth.processRefreshTokenResponse(
      server,
      client,
      await oauth.refreshTokenGrantRequest(
        server,
        client,
        authentication,
        first.refresh_token ?? '',
        options,
      ),
    );
    const live = await oauth.processIntrospectionResponse(
      server,
      client,
      await oauth.introspectionRequest(server, client, authentication, second.access_token, options),
    );
    expect(live.active).toBe(true);

    await oauth.processRevocationResponse(
      await oauth.revocationRequest(server, client, authentication, second.access_token, options),
    );
    expect(await statusWith(second.access_token)).toBe(401);
  });

  test('finds the authorization server from a challenge (RFC 9728 §5.1)', async () => {
    const options = { [oauth.allowInsecureRequests]: true };
    const answer = await fetch(`${gateway.origin}/documents`);
    const metadata = /resource_metadata="([^"]+)"/.exec(answer.headers.get('www-authenticate') ?? '')?.[1];
    expect(metadata).toBe(`${gateway.origin}/.well-known/oauth-protected-resource`);
    const resource = new URL(gateway.origin);
    const described = await oauth.processResourceDiscoveryResponse(
      resource,
      await oauth.resourceDiscoveryRequest(resource, options),
    );

    expect(described.authorization_servers).toEqual([gateway.origin]);
  });
});
