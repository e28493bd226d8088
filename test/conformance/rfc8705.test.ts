import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createSelfSigned } from '../support/client-certificates.js';
import {
  createMutualTlsApp,
  issueCertificate,
  type MutualTlsApp,
  startTlsServer,
  type TlsCall,
  type TlsServer,
} from '../support/mutual-tls-app.js';

const NAMES = [
  'DNS:billing.acme.example',
  'URI:spiffe://acme.example/billing',
  'IP:192.0.2.7',
  'email:b@acme.example',
];

const billing = issueCertificate({ subject: '/C=DE/O=Acme/CN=billing', names: NAMES });
const renewed = issueCertificate({ subject: '/C=DE/O=Acme/CN=billing', names: NAMES });
const stranger = issueCertificate({ subject: '/C=DE/O=Acme/CN=stranger', names: ['DNS:stranger.example'] });
const imposter = createSelfSigned({ subject: '/C=DE/O=Acme/CN=billing', names: NAMES });
const registered = createSelfSigned({ subject: '/CN=registered' });
const device = createSelfSigned({ subject: '/CN=device' });

const KEY = 'type: api_call\nrate_limits: {}\npermissions: [read]\n';
const subjectKey = (id: string, subject: string): string =>
  `key_id: ${id}\nname: ${id}\ntls_client_auth: { ${subject} }\n${KEY}`;

const FILES = {
  'dn.yaml': subjectKey('dn', 'subject_dn: "CN=billing,O=Acme,C=DE"'),
  'dns.yaml': subjectKey('dns', 'san_dns: billing.acme.example'),
  'uri.yaml': subjectKey('uri', 'san_uri: "spiffe://acme.example/billing"'),
  'ip.yaml': subjectKey('ip', 'san_ip: 192.0.2.7'),
  'email.yaml': subjectKey('email', 'san_email: b@acme.example'),
  'self.yaml': `key_id: self\nname: self\nself_signed_tls_client_auth: { thumbprints: [${registered.thumbprint}] }\n${KEY}`,
  'secret.yaml': `key_id: secret\nname: secret\napi_key: sk-secret\n${KEY}`,
  'bound.yaml': `key_id: bound\nname: bound\napi_key: sk-bound\nrefresh_tokens: public\ntls_client_certificate_bound_access_tokens: true\n${KEY}`,
};

const BY_SUBJECT = ['dn', 'dns', 'uri', 'ip', 'email'];

let subject: MutualTlsApp;
let server: TlsServer;

beforeAll(async () => {
  subject = await createMutualTlsApp(FILES, { certificate: 'socket' });
  server = await startTlsServer(subject.app);
});

afterAll(() => server.close());

/** Requests a token by client credentials. */
function obtain(clientId: string, certificate?: TlsCall['certificate'], form: TlsCall['form'] = {}) {
  const parameters = { grant_type: 'client_credentials', client_id: clientId, ...form };
  return server.call('/oauth/token', { certificate, form: parameters });
}

const guarded = (token: unknown, certificate?: TlsCall['certificate']) =>
  server.call('/guarded', { certificate, token });

describe('RFC 8705 §2: client authentication', () => {
  test('§2: the client is identified by client_id, and its certificate authenticates it', async () => {
    const { status, body } = await obtain('dn', billing);

    expect({ status, type: body['token_type'] }).toEqual({ status: 200, type: 'Bearer' });
  });

  test('§2: without client_id, a certificate authenticates no client', async () => {
    const form = { grant_type: 'client_credentials' };
    const { status, body } = await server.call('/oauth/token', { certificate: billing, form });

    expect({ status, error: body['error'] }).toEqual({ status: 401, error: 'invalid_client' });
  });

  test('§2: a request without a certificate, or with a different one, fails with invalid_client', async () => {
    const answers = [await obtain('dn'), await obtain('dn', stranger), await obtain('self', stranger)];

    expect(answers.map(({ status, body }) => [status, body['error']])).toEqual(
      Array.from({ length: 3 }, () => [401, 'invalid_client']),
    );
  });

  test.each(BY_SUBJECT)(
    '§2.1: a certificate of a trusted authority with the subject is accepted: %s',
    async (id) => {
      expect((await obtain(id, billing)).status).toBe(200);
    },
  );

  test.each(BY_SUBJECT)('§2.1: the certificate can be renewed: %s', async (id) => {
    expect((await obtain(id, renewed)).status).toBe(200);
  });

  test.each(BY_SUBJECT)(
    '§2.1: a certificate that no trusted authority has issued is rejected: %s',
    async (id) => {
      expect((await obtain(id, imposter)).status).toBe(401);
    },
  );

  test.each(BY_SUBJECT)('§2.1.2: a certificate with a different subject is rejected: %s', async (id) => {
    expect((await obtain(id, stranger)).status).toBe(401);
  });

  test('§2.2: a registered self-signed certificate is accepted, without a trusted authority', async () => {
    expect((await obtain('self', registered)).status).toBe(200);
  });

  test('§2.2: a certificate that is not registered is rejected', async () => {
    expect((await obtain('self', imposter)).status).toBe(401);
  });

  test('§2.1.1, §2.2.1: the metadata lists both methods for all endpoints', async () => {
    const { body } = await server.call('/.well-known/oauth-authorization-server');
    const methods = ['tls_client_auth', 'self_signed_tls_client_auth'];

    expect(body['token_endpoint_auth_methods_supported']).toEqual(expect.arrayContaining(methods));
    expect(body['introspection_endpoint_auth_methods_supported']).toEqual(expect.arrayContaining(methods));
    expect(body['revocation_endpoint_auth_methods_supported']).toEqual(expect.arrayContaining(methods));
  });
});

describe('RFC 8705 §3: certificate-bound access tokens', () => {
  test('§3: a token is accepted from a client with its certificate', async () => {
    const { body } = await obtain('dn', billing);

    expect((await guarded(body['access_token'], billing)).status).toBe(200);
  });

  test('§3: a token without its certificate is rejected with 401 invalid_token', async () => {
    const { body } = await obtain('dn', billing);
    const answers = [
      await guarded(body['access_token']),
      await guarded(body['access_token'], renewed),
      await guarded(body['access_token'], imposter),
    ];

    expect(answers.map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(answers.map(({ headers }) => headers['www-authenticate'])).toEqual(
      Array.from({ length: 3 }, () => expect.stringMatching(/^Bearer .*error="invalid_token"/)),
    );
  });

  test('§3: a token of a self-signed certificate is bound too', async () => {
    const { body } = await obtain('self', registered);

    expect((await guarded(body['access_token'], registered)).status).toBe(200);
    expect((await guarded(body['access_token'], billing)).status).toBe(401);
  });

  test('§3: a token without cnf is accepted with any certificate', async () => {
    const { body } = await obtain('secret', stranger, { client_secret: 'sk-secret' });

    expect((await guarded(body['access_token'])).status).toBe(200);
    expect((await guarded(body['access_token'], billing)).status).toBe(200);
  });

  test('§3.1: x5t#S256 is the base64url SHA-256 digest of the DER, without padding', async () => {
    const { body } = await obtain('dn', billing);
    const { body: claims } = await guarded(body['access_token'], billing);

    expect(claims['cnf']).toEqual({ 'x5t#S256': billing.thumbprint });
    expect(billing.thumbprint).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test('§3.2: introspection returns cnf, and the client authenticates by its certificate', async () => {
    const { body } = await obtain('dn', billing);
    const form = { client_id: 'dn', token: String(body['access_token']) };
    const told = await server.call('/oauth/introspect', { certificate: billing, form });
    const denied = await server.call('/oauth/introspect', { certificate: stranger, form });

    expect(told.body).toMatchObject({
      active: true,
      token_type: 'Bearer',
      cnf: { 'x5t#S256': billing.thumbprint },
    });
    expect(denied.status).toBe(401);
  });

  test('§3.3: the metadata states that tokens can be bound to certificates', async () => {
    const { body } = await server.call('/.well-known/oauth-authorization-server');

    expect(body['tls_client_certificate_bound_access_tokens']).toBe(true);
  });

  test('§3.4: a client that asks for bound tokens obtains no others', async () => {
    const { status, body } = await obtain('bound', undefined, { client_secret: 'sk-bound' });
    const { body: granted } = await obtain('bound', device, { client_secret: 'sk-bound' });

    expect({ status, error: body['error'] }).toEqual({ status: 400, error: 'invalid_request' });
    expect((await guarded(granted['access_token'], device)).status).toBe(200);
    expect((await guarded(granted['access_token'])).status).toBe(401);
  });
});

describe('RFC 8705 §4: refresh tokens of public clients', () => {
  const start = async (): Promise<string> => {
    const { body } = await obtain('bound', device, { client_secret: 'sk-bound', scope: 'offline_access' });
    return String(body['refresh_token']);
  };
  const refresh = (token: string, certificate?: TlsCall['certificate']) =>
    obtain('bound', certificate, { grant_type: 'refresh_token', refresh_token: token });

  test('§4: are accepted with the certificate, and the new access token is bound to it', async () => {
    const { status, body } = await refresh(await start(), device);

    expect(status).toBe(200);
    expect((await guarded(body['access_token'], device)).body['cnf']).toEqual({
      'x5t#S256': device.thumbprint,
    });
  });

  test('§4: are rejected with a different certificate, and stay valid for the client', async () => {
    const token = await start();
    const stolen = await refresh(token, stranger);

    expect({ status: stolen.status, error: stolen.body['error'] }).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect((await refresh(token, device)).status).toBe(200);
  });

  test('§4: are rejected without a certificate', async () => {
    expect((await refresh(await start())).status).toBe(400);
  });
});

describe('RFC 8705 §7.1: authorization servers that also serve other clients', () => {
  test('a client with a secret needs no certificate', async () => {
    expect((await obtain('secret', undefined, { client_secret: 'sk-secret' })).status).toBe(200);
  });
});
