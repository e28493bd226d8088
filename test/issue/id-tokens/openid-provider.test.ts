import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import express from 'express';
import * as openid from 'openid-client';
import {
  authenticate,
  authorizationServerMetadata,
  createMemoryStores,
  discoverJwks,
  requireScope,
  tokenRouter,
  verifiedToken,
} from 'passport-jwe';
import { type Directory, ldapDirectory } from 'passport-jwe/ldap';
import { loadFiles } from '../../support/api-key-files.js';
import { listen } from '../../support/http.js';
import { ID_TOKEN_TYPE, TOKEN_EXCHANGE } from '../../support/id-token-app.js';
import { type OpenIdProvider, startOpenIdProvider } from '../../support/providers/openid-provider.js';
import {
  change,
  describeWithSlapd,
  GROUPS,
  group,
  PEOPLE,
  person,
  type Slapd,
  startSlapd,
} from '../../support/slapd.js';
import { AUDIENCE, createRing } from '../../support/tokens.js';

const ALICE = `uid=alice,${PEOPLE}`;
const KEY = 'type: api_call\nrate_limits: {}\npermissions: [read, write]\n';

describeWithSlapd('a person who signs in at oidc-provider', () => {
  let slapd: Slapd;
  let directory: Directory;
  let provider: OpenIdProvider;
  /** Another issuer with the same accounts, which is linked to the directory. */
  let linked: OpenIdProvider;
  let server: Server;
  let url: string;
  /** Time in seconds by which the clock of the router is ahead. */
  let ahead = 0;

  beforeAll(async () => {
    slapd = await startSlapd({ entries: [person('alice'), group('staff', ALICE)].join('\n') });
    directory = ldapDirectory({ ...slapd.options, claims: { email: 'mail' } });
    const alice = await directory.findByName('alice');
    const accounts = { alice: { groups: ['staff'], entry_uuid: alice?.id }, visitor: {} };
    [provider, linked] = await Promise.all([startOpenIdProvider(accounts), startOpenIdProvider(accounts)]);
    server = createServer();
    url = `http://127.0.0.1:${await listen(server)}`;
    server.on('request', await createApp());
  });

  afterAll(async () => {
    server.close();
    await directory.close();
    await Promise.all([provider.close(), linked.close(), slapd.dispose()]);
  });

  async function createApp() {
    const clock = (): number => Date.now() / 1000 + ahead;
    const keyRing = await createRing();
    const issuers = [provider.issuer, linked.issuer];
    const [plain, corp] = issuers.map((issuer) => ({
      ...{ type: 'standard' as const, issuer, verification: discoverJwks({ issuer, allowPrivate: true }) },
    }));
    if (plain === undefined || corp === undefined) throw new Error('There is no provider');
    const apiKeys = await loadFiles({
      'portal.yaml':
        `api_key: sk-portal\nkey_id: portal\nname: Portal\n${KEY}` +
        `id_tokens: [{ issuer: "${provider.issuer}", audiences: [portal], group_permissions: { staff: [read] } }]\n`,
      'corp.yaml':
        `api_key: sk-corp\nkey_id: corp-portal\nname: Corporate portal\n${KEY}` +
        `group_permissions: { "cn=staff,${GROUPS}": [read, write] }\n` +
        `id_tokens: [{ issuer: "${linked.issuer}", audiences: [portal] }]\n`,
    });
    const router = tokenRouter({
      ...{ keyRing, issuer: url, audience: AUDIENCE, apiKeys, clock, stores: createMemoryStores({ clock }) },
      directories: { corp: directory },
      identityProviders: {
        op: plain,
        sso: { ...corp, directory: { name: 'corp', claim: 'entry_uuid', by: 'id' } },
      },
    });
    const app = express().disable('x-powered-by');
    app.use('/oauth', router);
    app.use(authorizationServerMetadata({ tokenRouter: router, url: `${url}/oauth` }));
    app.get(
      '/me',
      authenticate({ keyRing, issuer: url, audience: AUDIENCE, clock }),
      requireScope('read'),
      (req, res) => {
        const { claims } = verifiedToken(req);
        res.json({ sub: claims.sub, scope: claims.scope, email: claims['email'] });
      },
    );
    return app;
  }

  function connect(clientId: string, secret: string): Promise<openid.Configuration> {
    return openid.discovery(new URL(url), clientId, undefined, openid.ClientSecretBasic(secret), {
      algorithm: 'oauth2',
      execute: [openid.allowInsecureRequests],
    });
  }

  function exchange(client: openid.Configuration, token: string | undefined, scope = 'read') {
    return openid.genericGrantRequest(client, TOKEN_EXCHANGE, {
      ...{ subject_token: String(token), subject_token_type: ID_TOKEN_TYPE, scope },
    });
  }

  async function whoAmI(accessToken: string): Promise<unknown> {
    return (await fetch(`${url}/me`, { headers: { authorization: `Bearer ${accessToken}` } })).json();
  }

  test('exchanges the ID token for an encrypted token with the scope of the groups', async () => {
    const client = await connect('portal', 'sk-portal');
    const { id_token } = await provider.signIn('alice');
    const { access_token } = await exchange(client, id_token);

    expect(access_token.split('.')).toHaveLength(5);
    expect(await whoAmI(access_token)).toEqual({ sub: 'op:alice', scope: 'read' });
    await expect(exchange(client, id_token)).rejects.toMatchObject({ error: 'invalid_request' });
  });

  test('obtains nothing without a group, with the ID token of another client, or with the access token', async () => {
    const client = await connect('portal', 'sk-portal');
    const [visitor, other, alice] = await Promise.all([
      provider.signIn('visitor'),
      provider.signIn('alice', 'other'),
      provider.signIn('alice'),
    ]);

    await expect(exchange(client, visitor.id_token)).rejects.toMatchObject({ error: 'invalid_scope' });
    await expect(exchange(client, other.id_token)).rejects.toMatchObject({ error: 'invalid_request' });
    await expect(exchange(client, alice.access_token)).rejects.toMatchObject({ error: 'invalid_request' });
  });

  test('has groups, claims and refresh tokens of slapd, until the account is disabled', async () => {
    const client = await connect('corp-portal', 'sk-corp');
    const { id_token } = await linked.signIn('alice');
    const first = await exchange(client, id_token, 'read write offline_access');
    expect(await whoAmI(first.access_token)).toMatchObject({
      sub: expect.stringMatching(/^corp:[0-9a-f-]{36}$/),
      ...{ scope: 'read write', email: 'alice@example.com' },
    });
    const second = await openid.refreshTokenGrant(client, String(first.refresh_token));
    expect(await whoAmI(second.access_token)).toMatchObject({ scope: 'read write' });

    await slapd.modify(
      change(ALICE, 'changetype: modify', 'add: pwdAccountLockedTime', 'pwdAccountLockedTime: 000001010000Z'),
    );
    ahead += 61;

    await expect(openid.refreshTokenGrant(client, String(second.refresh_token))).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });
});
