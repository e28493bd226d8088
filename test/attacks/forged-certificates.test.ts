import { hash } from 'node:crypto';
import { createServer, request as plainRequest, type Server } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { MutualTlsOptions } from '../../src/http/mutual-tls-options.js';
import { createSelfSigned } from '../support/client-certificates.js';
import {
  createMutualTlsApp,
  issueCertificate,
  listen,
  type MutualTlsApp,
  type TlsServer,
} from '../support/mutual-tls-app.js';
import { type ForwardHeaders, startTlsProxy } from '../support/tls-proxy.js';

const victim = issueCertificate({ subject: '/CN=victim' });
const attacker = issueCertificate({ subject: '/CN=attacker' });
const imposter = createSelfSigned({ subject: '/CN=victim' });

const KEY = 'type: api_call\nrate_limits: {}\npermissions: [read]\n';
const FILES = {
  'victim.yaml': `key_id: victim\nname: Victim\ntls_client_auth: { subject_dn: CN=victim }\n${KEY}`,
  'attacker.yaml': `key_id: attacker\nname: Attacker\ntls_client_auth: { subject_dn: CN=attacker }\n${KEY}`,
};

const encodePem = (pem: string): string => encodeURIComponent(pem);
const encodeXfcc = (der: Buffer, pem: string): string =>
  `Hash=${hash('sha256', der, 'hex')};Cert="${encodePem(pem)}"`;

/** A form of the header: what the proxy forwards, and what an attacker sends to look like the victim. */
interface Form {
  readonly options: MutualTlsOptions;
  readonly forward: (certificate: NonNullable<Parameters<ForwardHeaders>[1]>) => Record<string, string>;
  readonly forged: Record<string, string>;
}

const verified = { proxies: ['127.0.0.1'], verified: true } as const;

const FORMS: Readonly<Record<string, Form>> = {
  'client-cert': {
    options: { certificate: 'client-cert', ...verified },
    forward: ({ der }) => ({ 'client-cert': `:${der.toString('base64')}:` }),
    forged: { 'client-cert': `:${victim.der.toString('base64')}:` },
  },
  xfcc: {
    options: { certificate: 'xfcc', ...verified },
    forward: ({ der, pem }) => ({ 'x-forwarded-client-cert': encodeXfcc(der, pem) }),
    forged: { 'x-forwarded-client-cert': encodeXfcc(victim.der, victim.cert) },
  },
  nginx: {
    options: { certificate: 'nginx', proxies: ['127.0.0.1'] },
    forward: ({ pem, isAuthorized }) => ({
      'x-ssl-client-cert': encodePem(pem),
      'x-ssl-client-verify': isAuthorized ? 'SUCCESS' : 'FAILED:self signed certificate',
    }),
    forged: { 'x-ssl-client-cert': encodePem(victim.cert), 'x-ssl-client-verify': 'SUCCESS' },
  },
  aws: {
    options: { certificate: 'aws', ...verified },
    forward: ({ pem }) => ({ 'x-amzn-mtls-clientcert-leaf': encodePem(pem) }),
    forged: { 'x-amzn-mtls-clientcert-leaf': encodePem(victim.cert) },
  },
};

describe.each(Object.entries(FORMS))(
  'behind a proxy that forwards %s',
  (_name, { options, forward, forged }) => {
    let app: MutualTlsApp;
    let backend: Server;
    let port: number;
    const proxies: TlsServer[] = [];

    beforeAll(async () => {
      app = await createMutualTlsApp(FILES, options);
      app.app.set('trust proxy', true);
      backend = createServer(app.app);
      port = await listen(backend);
    });

    afterAll(() => {
      for (const proxy of proxies) proxy.close();
      backend.close();
      backend.closeAllConnections();
    });

    const names = Object.keys(forged);

    /** A proxy with this treatment of the header. */
    const startProxy = async (headersOf: ForwardHeaders): Promise<TlsServer> => {
      const proxy = await startTlsProxy(port, headersOf);
      proxies.push(proxy);
      return proxy;
    };

    /** A proxy that removes the header of the client, and adds its own. */
    const startSafeProxy = () =>
      startProxy((headers, certificate) => ({
        ...headers,
        ...Object.fromEntries(names.map((name) => [name, undefined])),
        ...(certificate === undefined ? {} : forward(certificate)),
      }));

    const form = (clientId: string) => ({ grant_type: 'client_credentials', client_id: clientId });

    test('the certificate of the client counts, and its token is bound to it', async () => {
      const proxy = await startSafeProxy();
      const { status, body } = await proxy.call('/oauth/token', {
        certificate: victim,
        form: form('victim'),
      });
      const uses = [victim, attacker, undefined].map((certificate) =>
        proxy.call('/guarded', { certificate, token: body['access_token'] }),
      );

      expect(status).toBe(200);
      expect((await Promise.all(uses)).map((answer) => answer.status)).toEqual([200, 401, 401]);
    });

    test('a header of the client is overwritten', async () => {
      const proxy = await startSafeProxy();
      const call = { certificate: attacker, headers: forged };
      const stolen = await proxy.call('/oauth/token', { ...call, form: form('victim') });
      const own = await proxy.call('/oauth/token', { ...call, form: form('attacker') });

      expect([stolen.status, own.status]).toEqual([401, 200]);
    });

    test('a header of a client without a certificate is removed', async () => {
      const proxy = await startSafeProxy();
      const { status } = await proxy.call('/oauth/token', { headers: forged, form: form('victim') });

      expect(status).toBe(401);
    });

    test('a header of the client is rejected if the proxy adds a second one', async () => {
      const proxy = await startProxy((headers, certificate) => {
        const own = certificate === undefined ? {} : forward(certificate);
        const both = names.map((name) => [
          name,
          [headers[name], own[name]].flat().filter((each) => each !== undefined),
        ]);
        return { ...headers, ...Object.fromEntries(both) };
      });
      const call = { certificate: attacker, headers: forged };
      const { status, body } = await proxy.call('/oauth/token', { ...call, form: form('victim') });

      expect({ status, error: body['error'] }).toEqual({ status: 400, error: 'invalid_request' });
    });

    test('a header of a client that reaches the server directly is ignored', async () => {
      const status = await new Promise((resolve, reject) => {
        const sent = plainRequest(
          {
            ...{ host: '127.0.0.1', port, localAddress: '127.0.0.2', method: 'POST', path: '/oauth/token' },
            headers: {
              ...forged,
              'content-type': 'application/x-www-form-urlencoded',
              'x-forwarded-for': '127.0.0.1',
            },
          },
          (answer) => resolve(answer.resume().statusCode),
        );
        sent.on('error', reject).end(new URLSearchParams(form('victim')).toString());
      });

      expect(status).toBe(401);
      expect(app.lastReason()).toBe('certificate_missing');
    });

    test('a malformed header of the proxy is a client error', async () => {
      const proxy = await startProxy((headers) => ({
        ...headers,
        ...Object.fromEntries(names.map((name) => [name, 'malformed'])),
      }));
      const { status, body } = await proxy.call('/oauth/token', {
        certificate: victim,
        form: form('victim'),
      });

      expect({ status, error: body['error'] }).toEqual({ status: 400, error: 'invalid_request' });
    });
  },
);

test('nginx states that no authority has verified a certificate', async () => {
  const { options, forward } = FORMS['nginx'] ?? { options: { certificate: 'socket' }, forward: () => ({}) };
  const { app, lastReason } = await createMutualTlsApp(FILES, options);
  const backend = createServer(app);
  const proxy = await startTlsProxy(await listen(backend), (headers, certificate) => ({
    ...headers,
    ...(certificate === undefined ? {} : forward(certificate)),
  }));
  const form = { grant_type: 'client_credentials', client_id: 'victim' };
  const { status } = await proxy.call('/oauth/token', { certificate: imposter, form });
  proxy.close();
  backend.close();
  backend.closeAllConnections();

  expect([status, lastReason()]).toEqual([401, 'certificate_untrusted']);
});
