import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Certificate, makeCertificate } from '../support/certificates.js';
import { createProof, createProofSigner } from '../support/dpop-proofs.js';
import { type EchoBackend, startEchoBackend, valuesOf } from '../support/echo-backend.js';
import { sendRawTo } from '../support/http.js';
import {
  type IntrospectionService,
  OTHER_AUDIENCE,
  startIntrospectionService,
} from '../support/introspection-service.js';
import { readPageBlocks } from '../support/page-blocks.js';
import { AUDIENCE, ISSUER } from '../support/tokens.js';
import { apacheWith, describeWithWebServer, startWebServer, type WebServer } from '../support/web-server.js';

const blocks = await readPageBlocks(new URL('../../docs/recipes/apache.md', import.meta.url));

const MODULES = [
  { module: 'oauth2', packages: 'libapache2-mod-oauth2', block: 'apache-mod-oauth2', ca: () => '' },
  {
    module: 'auth_openidc',
    packages: 'libapache2-mod-auth-openidc',
    block: 'apache-mod-auth-openidc',
    ca: (file: string) => `OIDCCABundlePath ${file}`,
  },
];

/** API key of Apache, as the command line generates it. */
const SECRET = `sk_${'apache0123456789'.repeat(3)}`;
/** Location without authentication. */
const OPEN_LOCATION = '  <Location /open/>\n    ProxyPass http://127.0.0.1:3000/open/\n  </Location>\n';

const INVALID_TOKEN = 'Bearer realm="api", error="invalid_token"';

const IDENTITY = ['Subject', 'Issuer', 'Client', 'Scope', 'Token-Type'].map((name) => `X-Auth-${name}`);

let certificate: Certificate;
let backend: EchoBackend;
let service: IntrospectionService;

const now = () => Math.floor(Date.now() / 1000);

beforeAll(async () => {
  certificate = await makeCertificate();
  await chmod(dirname(certificate.file), 0o755);
  backend = await startEchoBackend();
  // Apache may introspect both audiences, so that its configuration has to reject one.
  const both = `'${AUDIENCE}', '${OTHER_AUDIENCE}'`;
  const keyFile = (blocks.get('apache-api-key') ?? '').replace(`'${AUDIENCE}'`, both);
  service = await startIntrospectionService(certificate, keyFile, SECRET);
});

afterAll(async () => {
  service?.close();
  await backend?.close();
  await certificate?.dispose();
});

for (const { module, packages, block, ca } of MODULES) {
  const kind = apacheWith(module, packages);

  describeWithWebServer(
    kind,
    `Apache with mod_${module} and the configuration of docs/recipes/apache.md`,
    () => {
      let apache: WebServer;
      let token: string;

      const get = (presented?: string, headers: Readonly<Record<string, string>> = {}) =>
        fetch(`${apache.origin}/documents/7`, {
          headers: presented === undefined ? headers : { Authorization: `Bearer ${presented}`, ...headers },
        });

      beforeAll(async () => {
        const introspection =
          module === 'oauth2' ? { 'introspect.auth=': 'introspect.ssl_verify=false&introspect.auth=' } : {};
        apache = await startWebServer(
          kind,
          blocks.get(block) ?? '',
          {
            'Listen 8080': 'Listen 127.0.0.1:PORT',
            '  <Location /documents/>': `${OPEN_LOCATION}  <Location /documents/>`,
            '*:8080': '127.0.0.1:PORT',
            '127.0.0.1:3000': `127.0.0.1:${backend.port}`,
            'ServerName api.example.com': `ServerName api.example.com\n${ca(certificate.file)}`,
            'https://auth.example.com': service.origin,
            ...introspection,
          },
          { INTROSPECTION_SECRET: SECRET },
        );
        token = await service.obtain();
      });

      afterAll(async () => {
        await apache?.close();
      });

      beforeEach(() => {
        service.setUnavailable(false);
        service.takeCount();
        backend.take();
      });

      test('forwards a request with an active token, with the identity in headers', async () => {
        const { status } = await get(token);
        const [received] = backend.take();

        expect(status).toBe(200);
        expect(received).toMatchObject({ method: 'GET', url: '/documents/7' });
        expect(IDENTITY.map((name) => received && valuesOf(received, name))).toEqual([
          ['alice'],
          [ISSUER],
          ['demo'],
          ['read:documents write:documents'],
          ['api_call'],
        ]);
        expect(received && valuesOf(received, 'X-Auth-Expires')).toEqual([expect.stringMatching(/^\d{10}$/)]);
        expect(received && valuesOf(received, 'Authorization')).toEqual([]);
      });

      test.each([
        ['no token', undefined],
        ['another scheme', 'Basic YTpi'],
        ['a malformed header', 'Bearer a b'],
        ['a token that cannot be decrypted', 'Bearer abc'],
      ])('responds with 401 and one challenge to %s', async (_name, value) => {
        const lines = value === undefined ? [] : [`Authorization: ${value}`];
        const { status, headers } = await sendRawTo(apache.port, ['GET /documents/ HTTP/1.1', ...lines]);

        expect(status).toBe(401);
        expect(headers['www-authenticate']).toMatch(/^Bearer realm="api"/);
        expect(headers['www-authenticate']).not.toContain('\n');
        expect(backend.take()).toEqual([]);
      });

      test('rejects tokens for a different audience, also those that Apache may introspect', async () => {
        const { status, headers } = await get(await service.obtain({ audience: OTHER_AUDIENCE }));

        expect([status, headers.get('www-authenticate')]).toEqual([401, INVALID_TOKEN]);
        expect(service.takeCount()).toBe(1);
        expect(backend.take()).toEqual([]);
      });

      test('rejects a token that is bound to a key, also without its proof', async () => {
        const signer = createProofSigner();
        const proof = createProof(signer, {
          method: 'POST',
          url: `${service.origin}/oauth/token`,
          claims: { iat: now() },
        });
        const bound = await service.obtain({}, { DPoP: proof });
        const { status, headers } = await get(bound);

        expect(bound).toMatch(/^ey/);
        expect(status).toBe(401);
        expect(headers.get('www-authenticate')).toBe(INVALID_TOKEN);
        expect(backend.take()).toEqual([]);
      });

      test.each(['write:documents', 'read:documents-all'])(
        'responds with 403 to a token with the scope %s',
        async (scope) => {
          const { status, headers } = await get(await service.obtain({ scope }));

          expect(status).toBe(403);
          expect(headers.get('www-authenticate')).toBe(
            'Bearer realm="api", error="insufficient_scope", scope="read:documents"',
          );
          expect(backend.take()).toEqual([]);
        },
      );

      test('rejects an expired token', async () => {
        const issuer = service.createIssuer(() => now() - 3600);
        const expired = await issuer.issue({ subject: 'alice', scope: ['read:documents'] });

        expect((await get(expired.token)).status).toBe(401);
        expect(service.takeCount()).toBe(1);
      });

      test('rejects a token as soon as it is revoked', async () => {
        const revoked = await service.obtain();
        const before = (await get(revoked)).status;
        await service.revoke(revoked);
        const after = (await get(revoked)).status;

        expect([before, after, service.takeCount()]).toEqual([200, 401, 2]);
        expect(backend.take()).toHaveLength(1);
      });

      test('accepts no token during an outage, and accepts it again afterwards', async () => {
        service.setUnavailable(true);
        const during = (await get(token)).status;
        service.setUnavailable(false);

        expect([during, (await get(token)).status]).toEqual([401, 200]);
        expect(backend.take()).toHaveLength(1);
      });

      test('replaces or removes identity headers of the client', async () => {
        const forged = [...IDENTITY, 'X-Auth-Expires'].flatMap((name) => [name, name.toLowerCase()]);
        const lines = [...forged.map((name) => `${name}: admin`), `Authorization: Bearer ${token}`];
        const { status } = await sendRawTo(apache.port, ['GET /documents/ HTTP/1.1', ...lines]);
        const open = await sendRawTo(apache.port, ['GET /open/ HTTP/1.1', ...lines]);
        const [received, unguarded] = backend.take();

        expect([status, open.status]).toEqual([200, 200]);
        expect(received?.rawHeaders.join()).not.toContain('admin');
        expect(unguarded?.rawHeaders.join()).not.toContain('admin');
        expect(received && valuesOf(received, 'X-Auth-Subject')).toEqual(['alice']);
      });

      test.each(['X_Auth_Subject', 'x-auth_subject', 'X_Auth-Subject', 'X.Auth.Scope', 'X-Auth-Token_Type'])(
        'rejects the header %s of a client',
        async (name) => {
          const { status } = await get(token, { [name]: 'admin' });
          const open = await fetch(`${apache.origin}/open/`, { headers: { [name]: 'admin' } });

          expect([status, open.status]).toEqual([403, 403]);
          expect(backend.take()).toEqual([]);
        },
      );

      test('forwards subjects with any characters, percent-encoded', async () => {
        const subject = 'Jörg, 100% a+b';
        const issuer = service.createIssuer();
        const { token: minted } = await issuer.issue({ subject, scope: ['read:documents'] });
        const { status } = await get(minted);
        const [received] = backend.take();
        const [forwarded = ''] = received === undefined ? [] : valuesOf(received, 'X-Auth-Subject');

        expect(status).toBe(200);
        expect(forwarded).toMatch(/^[\x21-\x7e]+$/);
        expect(decodeURIComponent(forwarded)).toBe(subject);
        expect(received && valuesOf(received, 'X-Auth-Token-Type')).toEqual(['user']);
      });

      test('writes no token and no secret to its error log', async () => {
        await get(token);
        await get('abc');
        const errors = await apache.readErrors();

        expect(errors).toContain('documents');
        expect(errors).not.toContain(token.slice(0, 60));
        expect(errors).not.toContain(SECRET);
      });
    },
  );
}
