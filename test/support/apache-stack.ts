import { chmod } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { type Certificate, makeCertificate } from './certificates.js';
import { type EchoBackend, startEchoBackend } from './echo-backend.js';
import {
  type IntrospectionService,
  OTHER_AUDIENCE,
  startIntrospectionService,
} from './introspection-service.js';
import { readPageBlocks } from './page-blocks.js';
import { AUDIENCE } from './tokens.js';
import { apacheWith, describeWithWebServer, startWebServer, type WebServer } from './web-server.js';

/** Apache with a configuration of docs/recipes/apache.md, in front of a backend, with a token router. */
export interface ApacheStack {
  readonly apache: WebServer;
  readonly backend: EchoBackend;
  readonly service: IntrospectionService;
  /** A token that the location `/documents/` accepts. */
  readonly token: string;
  /** Request `/documents/7` with a token. */
  get(presented?: string, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

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
export const APACHE_SECRET = `sk_${'apache0123456789'.repeat(3)}`;

/** Location without authentication. */
const OPEN_LOCATION = '  <Location /open/>\n    ProxyPass http://127.0.0.1:3000/open/\n  </Location>\n';

/** Run the same tests with each module of the page. The servers start before the tests, and close afterwards. */
export function describeWithApache(name: string, tests: (stack: ApacheStack) => void): void {
  for (const { module, packages, block, ca } of MODULES) {
    const kind = apacheWith(module, packages);
    describeWithWebServer(kind, `${name} Apache with mod_${module} and docs/recipes/apache.md`, () => {
      const closers: (() => unknown)[] = [];
      let started: Omit<ApacheStack, 'get'> | undefined;
      const stack = (): Omit<ApacheStack, 'get'> => {
        if (started === undefined) throw new Error('The servers start before the tests');
        return started;
      };

      beforeAll(async () => {
        const certificate: Certificate = await makeCertificate();
        closers.push(certificate.dispose);
        await chmod(dirname(certificate.file), 0o755);
        const backend = await startEchoBackend();
        closers.push(backend.close);
        // Apache may introspect both audiences, so that its configuration has to reject one.
        const both = `'${AUDIENCE}', '${OTHER_AUDIENCE}'`;
        const keyFile = (blocks.get('apache-api-key') ?? '').replace(`'${AUDIENCE}'`, both);
        const service = await startIntrospectionService(certificate, keyFile, APACHE_SECRET);
        closers.push(service.close);
        const introspection =
          module === 'oauth2' ? { 'introspect.auth=': 'introspect.ssl_verify=false&introspect.auth=' } : {};
        const replacements = {
          'Listen 8080': 'Listen 127.0.0.1:PORT',
          '  <Location /documents/>': `${OPEN_LOCATION}  <Location /documents/>`,
          '*:8080': '127.0.0.1:PORT',
          '127.0.0.1:3000': `127.0.0.1:${backend.port}`,
          'ServerName api.example.com': `ServerName api.example.com\n${ca(certificate.file)}`,
          'https://auth.example.com': service.origin,
          ...introspection,
        };
        const environment = { INTROSPECTION_SECRET: APACHE_SECRET };
        const apache = await startWebServer(kind, blocks.get(block) ?? '', replacements, environment);
        closers.push(apache.close);
        started = { apache, backend, service, token: await service.obtain() };
      });

      afterAll(async () => {
        for (const close of closers.reverse()) await close();
      });

      beforeEach(() => {
        stack().service.setUnavailable(false);
        stack().service.takeCount();
        stack().backend.take();
      });

      tests({
        get apache() {
          return stack().apache;
        },
        get backend() {
          return stack().backend;
        },
        get service() {
          return stack().service;
        },
        get token() {
          return stack().token;
        },
        get: (presented, headers = {}) =>
          fetch(`${stack().apache.origin}/documents/7`, {
            headers: presented === undefined ? headers : { Authorization: `Bearer ${presented}`, ...headers },
          }),
      });
    });
  }
}
