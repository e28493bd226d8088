import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { Agent, fetch } from 'undici';
import { createSelfSigned, type IssuedCertificate } from '../support/client-certificates.js';
import {
  AUTHORITY,
  createMutualTlsApp,
  issueCertificate,
  startTlsServer,
  type TlsServer,
} from '../support/mutual-tls-app.js';

const certified = issueCertificate({ subject: '/O=Acme/CN=billing' });
const selfSigned = createSelfSigned({ subject: '/CN=reports' });
const KEY = 'type: api_call\nrate_limits: {}\npermissions: [read]\n';
const FILES = {
  'billing.yaml': `key_id: billing\nname: Billing\ntls_client_auth: { subject_dn: "CN=billing,O=Acme" }\n${KEY}`,
  'reports.yaml': `key_id: reports\nname: Reports\nself_signed_tls_client_auth: { thumbprints: [${selfSigned.thumbprint}] }\n${KEY}`,
};

let server: TlsServer;
let listener: RequestListener = (_req, res) => res.writeHead(503).end();

beforeAll(async () => {
  server = await startTlsServer((req, res) => listener(req, res));
  const { app } = await createMutualTlsApp(FILES, { certificate: 'socket' }, { issuer: server.url });
  listener = app;
});

const agents: Agent[] = [];

afterAll(async () => {
  for (const agent of agents) await agent.destroy();
  server.close();
});

/** `fetch()` of a client with this certificate. */
function fetchWith({ key, cert }: IssuedCertificate): openid.CustomFetch {
  const dispatcher = new Agent({ connect: { ca: AUTHORITY.root, key, cert } });
  agents.push(dispatcher);
  return async (
    url: string,
    { method, headers, body }: { method: string; headers: Record<string, string>; body?: unknown },
  ) => {
    const answer = await fetch(url, {
      method,
      headers,
      dispatcher,
      body: body === undefined || body === null ? null : String(body),
    });
    return new Response(await answer.text(), { status: answer.status, headers: [...answer.headers] });
  };
}

describe.each([
  ['tls_client_auth', 'billing', certified],
  ['self_signed_tls_client_auth', 'reports', selfSigned],
])('with %s', (_method, clientId, certificate) => {
  test('openid-client gets, refreshes, introspects and revokes tokens', async () => {
    const customFetch = fetchWith(certificate);
    const configuration = await openid.discovery(
      new URL(server.url),
      clientId,
      undefined,
      openid.TlsClientAuth(),
      {
        algorithm: 'oauth2',
        [openid.customFetch]: customFetch,
      },
    );
    const first = await openid.clientCredentialsGrant(configuration, { scope: 'read offline_access' });
    const second = await openid.refreshTokenGrant(configuration, first.refresh_token ?? '');
    const live = await openid.tokenIntrospection(configuration, second.access_token);
    const used = await openid.fetchProtectedResource(
      configuration,
      second.access_token,
      new URL(`${server.url}/guarded`),
      'GET',
    );
    await openid.tokenRevocation(configuration, second.access_token);

    expect(live).toMatchObject({ active: true, cnf: { 'x5t#S256': certificate.thumbprint } });
    expect(used.status).toBe(200);
    expect(await openid.tokenIntrospection(configuration, second.access_token)).toEqual({ active: false });
  });

  test('oauth4webapi gets and uses tokens, and another certificate cannot', async () => {
    const options = { [oauth.customFetch]: fetchWith(certificate) };
    const issuer = new URL(server.url);
    const client = { client_id: clientId };
    const metadata = await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { ...options, algorithm: 'oauth2' }),
    );
    const { access_token: token } = await oauth.processClientCredentialsResponse(
      metadata,
      client,
      await oauth.clientCredentialsGrantRequest(metadata, client, oauth.TlsClientAuth(), {}, options),
    );
    const use = (settings: typeof options) =>
      oauth.protectedResourceRequest(
        token,
        'GET',
        new URL(`${server.url}/guarded`),
        undefined,
        undefined,
        settings,
      );

    expect((await use(options)).status).toBe(200);
    await expect(use({ [oauth.customFetch]: fetchWith(createSelfSigned()) })).rejects.toMatchObject({
      status: 401,
    });
  });
});
