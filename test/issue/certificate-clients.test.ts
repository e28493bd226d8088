import { createPublicKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { rejectionOf } from '../support/caught.js';
import { createSelfSigned, type IssuedCertificate } from '../support/client-certificates.js';
import { ASSERTION_TYPE, generateClientKey, jwksField, signAssertion } from '../support/client-keys.js';
import {
  createMutualTlsApp,
  issueCertificate,
  type MutualTlsApp,
  startTlsServer,
  type TlsServer,
} from '../support/mutual-tls-app.js';
import { NOW } from '../support/tokens.js';

const KEY = 'type: api_call\nrate_limits: {}\npermissions: [read]\n';
const DN = 'tls_client_auth: { subject_dn: CN=client }';
const client = issueCertificate({ subject: '/CN=client' });
const other = issueCertificate({ subject: '/CN=other' });

const keyFile = (...fields: readonly string[]): string =>
  `key_id: app\nname: App\n${fields.join('\n')}\n${KEY}`;

/** Runs with a TLS server for one API key with these fields. */
async function withServer<Result>(
  fields: readonly string[],
  run: (server: TlsServer, app: MutualTlsApp) => Promise<Result>,
): Promise<Result> {
  const app = await createMutualTlsApp({ 'app.yaml': keyFile(...fields) }, { certificate: 'socket' });
  const server = await startTlsServer(app.app);
  try {
    return await run(server, app);
  } finally {
    server.close();
  }
}

const CREDENTIALS = { grant_type: 'client_credentials', client_id: 'app' };

const obtain = (
  server: TlsServer,
  certificate?: IssuedCertificate,
  form: Readonly<Record<string, string>> = {},
) => server.call('/oauth/token', { certificate, form: { ...CREDENTIALS, ...form } });

describe('a client with a certificate', () => {
  test('is rejected before and after the validity period of the certificate', async () => {
    await withServer([DN], async (server, app) => {
      app.setTime(NOW + 20 * 365 * 86_400);
      const expired = await obtain(server, client);
      expect([expired.status, app.lastReason()]).toEqual([401, 'certificate_expired']);

      app.setTime(NOW - 20 * 365 * 86_400);
      const early = await obtain(server, client);
      expect([early.status, app.lastReason()]).toEqual([401, 'certificate_expired']);
    });
  });

  test('is rejected if its registered certificate has expired', async () => {
    const registered = createSelfSigned();
    const fields = [`self_signed_tls_client_auth: { thumbprints: [${registered.thumbprint}] }`];
    await withServer(fields, async (server, app) => {
      expect((await obtain(server, registered)).status).toBe(200);

      app.setTime(NOW + 20 * 365 * 86_400);
      expect((await obtain(server, registered)).status).toBe(401);
      expect(app.lastReason()).toBe('certificate_expired');
    });
  });

  test('is rejected while its API key is not active', async () => {
    await withServer([DN, 'active: false'], async (server, app) => {
      expect((await obtain(server, client)).status).toBe(401);
      expect(app.lastReason()).toBe('inactive');
    });
  });

  test.each([
    ['certificate_missing', undefined],
    ['certificate_mismatch', other],
    ['certificate_untrusted', createSelfSigned()],
  ])('is rejected with the reason %s', async (reason, certificate) => {
    await withServer([DN], async (server, app) => {
      expect((await obtain(server, certificate)).status).toBe(401);
      expect(app.lastReason()).toBe(reason);
    });
  });

  test('receives the same response for each reason', async () => {
    await withServer([DN], async (server) => {
      const answers = [
        await obtain(server),
        await obtain(server, other),
        await obtain(server, createSelfSigned()),
      ];
      const bodies = answers.map(({ status, body }) => ({ status, body }));

      expect(bodies).toEqual(Array.from({ length: 3 }, () => bodies[0]));
    });
  });

  test('can revoke its token', async () => {
    await withServer([DN], async (server) => {
      const { body } = await obtain(server, client);
      const form = { client_id: 'app', token: String(body['access_token']) };
      const denied = await server.call('/oauth/revoke', { certificate: other, form });
      const revoked = await server.call('/oauth/revoke', { certificate: client, form });
      const used = await server.call('/guarded', { certificate: client, token: body['access_token'] });

      expect([denied.status, revoked.status, used.status]).toEqual([401, 200, 401]);
    });
  });

  test('is not throttled with the network of its address for wrong certificates', async () => {
    await withServer([DN], async (server) => {
      for (let attempt = 0; attempt < 40; attempt += 1) await obtain(server, other);

      expect((await obtain(server, client)).status).toBe(200);
    });
  });

  test('has the thumbprint in the audit event of its token', async () => {
    await withServer([DN], async (server, app) => {
      await obtain(server, client);

      expect(app.records.at(-1)).toMatchObject({
        type: 'token.issued',
        clientId: 'app',
        x5t: client.thumbprint,
      });
    });
  });
});

describe('an API key with a certificate and a secret', () => {
  const fields = [DN, 'api_key: sk-app'];

  test('accepts each of them', async () => {
    await withServer(fields, async (server) => {
      const statuses = [
        (await obtain(server, client)).status,
        (await obtain(server, undefined, { client_secret: 'sk-app' })).status,
        (await obtain(server, other, { client_secret: 'sk-app' })).status,
      ];

      expect(statuses).toEqual([200, 200, 200]);
    });
  });

  test('does not accept a wrong secret with the right certificate', async () => {
    await withServer(fields, async (server) => {
      expect((await obtain(server, client, { client_secret: 'wrong' })).status).toBe(401);
    });
  });

  test('does not bind tokens that the secret obtains', async () => {
    await withServer(fields, async (server) => {
      const { body } = await obtain(server, client, { client_secret: 'sk-app' });

      expect((await server.call('/guarded', { token: body['access_token'] })).status).toBe(200);
    });
  });
});

describe('tls_client_certificate_bound_access_tokens', () => {
  test('is false: a client that authenticates by its certificate obtains bearer tokens', async () => {
    await withServer([DN, 'tls_client_certificate_bound_access_tokens: false'], async (server) => {
      const { body } = await obtain(server, client);

      expect((await server.call('/guarded', { token: body['access_token'] })).status).toBe(200);
    });
  });

  test('is true: tokens that a signed assertion obtains are bound to the certificate of the connection', async () => {
    const pair = generateClientKey('one');
    const fields = [jwksField(pair.publicJwk), 'tls_client_certificate_bound_access_tokens: true'];
    await withServer(fields, async (server) => {
      const assertion = {
        client_assertion: await signAssertion('app', pair),
        client_assertion_type: ASSERTION_TYPE,
      };
      const { body } = await obtain(server, other, assertion);
      const used = [client, other].map((certificate) =>
        server.call('/guarded', { certificate, token: body['access_token'] }),
      );

      expect((await Promise.all(used)).map(({ status }) => status)).toEqual([401, 200]);
    });
  });
});

describe('a public client of an API key with a certificate', () => {
  const fields = [DN, 'refresh_tokens: public', 'tls_client_certificate_bound_access_tokens: false'];

  test('refreshes without the certificate, or with a different one', async () => {
    await withServer(fields, async (server) => {
      const { body } = await obtain(server, client, { scope: 'offline_access', device_id: 'phone' });
      const form = { grant_type: 'refresh_token', device_id: 'phone' };
      const first = await obtain(server, undefined, {
        ...form,
        refresh_token: String(body['refresh_token']),
      });
      const next = await obtain(server, other, {
        ...form,
        refresh_token: String(first.body['refresh_token']),
      });

      expect([first.status, next.status]).toEqual([200, 200]);
    });
  });

  test('can only refresh', async () => {
    await withServer(fields, async (server, app) => {
      expect((await obtain(server, other)).status).toBe(401);
      expect(app.lastReason()).toBe('certificate_mismatch');
    });
  });
});

describe('certificates in jwks', () => {
  const registered = createSelfSigned();
  const x5cOf = ({ der }: IssuedCertificate): string[] => [der.toString('base64')];

  test('authenticate the client by x5c (RFC 8705 §2.2.2)', async () => {
    const jwk = createPublicKey(registered.cert).export({ format: 'jwk' });
    const field = jwksField({ ...jwk, kid: 'one', alg: 'ES256', x5c: x5cOf(registered) });

    await withServer([field, 'self_signed_tls_client_auth: {}'], async (server) => {
      const statuses = [
        (await obtain(server, registered)).status,
        (await obtain(server, createSelfSigned())).status,
      ];
      expect(statuses).toEqual([200, 401]);
    });
  });
});

describe('tokenRouter()', () => {
  const start = (fields: string, mutualTls: Parameters<typeof createMutualTlsApp>[1] | undefined) =>
    createMutualTlsApp({ 'app.yaml': keyFile(fields) }, { certificate: 'socket' }, Object({ mutualTls }));

  test('rejects API keys whose certificates it does not read', async () => {
    const cases = [DN, `self_signed_tls_client_auth: { thumbprints: [${client.thumbprint}] }`];
    const errors = await Promise.all(cases.map((fields) => rejectionOf(start(fields, undefined))));

    expect(errors.map(String)).toEqual([
      'TypeError: tokenRouter: tls_client_auth of the API key app requires mutualTls of tokenRouter(): set the source of the client certificates',
      'TypeError: tokenRouter: self_signed_tls_client_auth of the API key app requires mutualTls of tokenRouter(): set the source of the client certificates',
    ]);
  });

  test('rejects tls_client_auth behind a proxy that does not verify certificates', async () => {
    const proxies = ['10.0.0.1'];

    expect(String(await rejectionOf(start(DN, { certificate: 'xfcc', proxies })))).toContain(
      'requires verified: true in mutualTls of tokenRouter()',
    );
    await expect(start(DN, { certificate: 'xfcc', proxies, verified: true })).resolves.toBeDefined();
    await expect(start(DN, { certificate: 'nginx', proxies })).resolves.toBeDefined();
  });
});
