import { hash } from 'node:crypto';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { type ClientCertificate, createCertificateReader } from '../../src/http/client-certificate.js';
import { type MutualTlsOptions, resolveMutualTls } from '../../src/http/mutual-tls-options.js';
import { parseDistinguishedName } from '../../src/keys/certificates/distinguished-name.js';
import { thrownBy } from '../support/caught.js';
import { createSelfSigned } from '../support/client-certificates.js';

const client = createSelfSigned({ subject: '/CN=client' });
const other = createSelfSigned({ subject: '/CN=other' });

const PROXY = '10.0.3.7';
const proxies = ['10.0.3.0/24'];

type Headers = readonly (readonly [string, string])[];

/** A request as Node.js receives it, from this peer. */
function requestFrom(peer: string | undefined, headers: Headers): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: peer });
  const req = new IncomingMessage(socket);
  req.rawHeaders = headers.flat();
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    const earlier = req.headers[key];
    req.headers[key] = earlier === undefined ? value : `${earlier}, ${value}`;
  }
  return req;
}

function readerOf(options: MutualTlsOptions) {
  return createCertificateReader(resolveMutualTls(options, 'authenticate'));
}

/** Certificate that a reader finds in the headers of the proxy. */
function read(options: MutualTlsOptions, ...headers: Headers): ClientCertificate | undefined {
  return readerOf(options)(requestFrom(PROXY, headers));
}

const percentEncode = encodeURIComponent;
const awsEncode = (text: string): string =>
  percentEncode(text).replaceAll('%2B', '+').replaceAll('%3D', '=').replaceAll('%2F', '/');
const sequence = (der: Buffer): string => `:${der.toString('base64')}:`;
const digest = (der: Buffer): string => hash('sha256', der, 'hex');

/** Each form, and its header for a certificate. */
const FORMS: readonly (readonly [MutualTlsOptions, string, string])[] = [
  [{ certificate: 'client-cert', proxies }, 'Client-Cert', sequence(client.der)],
  [
    { certificate: 'xfcc', proxies },
    'X-Forwarded-Client-Cert',
    `Hash=${digest(client.der)};Cert="${percentEncode(client.cert)}"`,
  ],
  [{ certificate: 'nginx', proxies }, 'X-SSL-Client-Cert', percentEncode(client.cert)],
  [{ certificate: 'aws', proxies }, 'X-Amzn-Mtls-Clientcert', awsEncode(client.cert + other.cert)],
  [{ certificate: 'aws', proxies, verified: true }, 'X-Amzn-Mtls-Clientcert-Leaf', awsEncode(client.cert)],
];

describe('every form of the header', () => {
  test.each(FORMS)('contains the certificate: %j', (options, name, value) => {
    const found = read(options, [name, value]);

    expect(found?.thumbprint).toBe(client.thumbprint);
    expect(found?.details()?.subject).toBe(parseDistinguishedName('CN=client'));
  });

  test.each(FORMS)('is ignored if the peer is not a proxy: %j', (options, name, value) => {
    const headers: Headers = [
      [name, value],
      ['X-Forwarded-For', PROXY],
      ['Forwarded', `for=${PROXY}`],
    ];
    const readCertificate = readerOf(options);
    const found = ['10.0.4.7', '::1', undefined, 'unknown'].map((peer) =>
      readCertificate(Object.assign(requestFrom(peer, headers), { ip: PROXY })),
    );

    expect(found).toEqual([undefined, undefined, undefined, undefined]);
  });

  test.each(FORMS)('is rejected if it is repeated: %j', (options, name, value) => {
    expect(thrownBy(() => read(options, [name, value], [name.toLowerCase(), value]))).toMatchObject({
      code: 'ERR_INVALID_REQUEST',
      status: 400,
    });
  });

  test.each(FORMS)('is rejected if it is malformed: %j', (options, name, value) => {
    const middle = Math.floor(value.length / 2);
    const malformed = [
      ...[
        'x',
        ':',
        '::x',
        `${value}x`,
        ` ${value.slice(0, middle)}`,
        value.slice(0, -2),
        `${value}%`,
        'Cert="',
      ],
      ...[value.slice(0, middle) + value.slice(middle + 1), `${value}, ${value}`.padEnd(70_000, 'A')],
      ...[
        sequence(Buffer.from('certificate')),
        percentEncode('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
      ],
    ];
    const accepted = malformed.filter((text) => {
      try {
        return read(options, [name, text])?.thumbprint !== undefined;
      } catch (error) {
        return !(error instanceof Error && 'status' in error && error.status === 400);
      }
    });

    expect(accepted).toEqual([]);
  });

  test.each(FORMS)('contains no certificate if it is missing or empty: %j', (options, name) => {
    expect([read(options), read(options, [name, ''])]).toEqual([undefined, undefined]);
  });

  test.each(FORMS)('is the only one that counts: %j', (options, own) => {
    const headers = FORMS.flatMap(([, name, value]) => (name === own ? [] : [[name, value] as const]));

    expect(read(options, ...headers)).toBeUndefined();
  });

  test.each(FORMS)(
    'has the same result again, with the certificate of each client: %j',
    (options, name, value) => {
      const readCertificate = readerOf(options);
      const [first, again] = [1, 2].map(() => readCertificate(requestFrom(PROXY, [[name, value]])));

      expect(again).toEqual(first);
      expect(readCertificate(requestFrom(PROXY, []))).toBeUndefined();
    },
  );
});

describe('Client-Cert (RFC 9440 §2.2)', () => {
  test('contains no certificate if the byte sequence is empty', () => {
    expect(read({ certificate: 'client-cert', proxies }, ['Client-Cert', '::'])).toBeUndefined();
  });

  test('contains DER, in which a PEM text has no meaning', () => {
    const text = Buffer.from(`\n${other.cert}`);
    const attacker = createSelfSigned({
      subject: '/CN=attacker',
      extensions: [`1.2.3.4=DER:0c82${text.length.toString(16).padStart(4, '0')}${text.toString('hex')}`],
    });
    const found = read({ certificate: 'client-cert', proxies }, ['Client-Cert', sequence(attacker.der)]);

    expect(found?.thumbprint).toBe(attacker.thumbprint);
    expect(found?.details()?.subject).toBe(parseDistinguishedName('CN=attacker'));
  });
});

describe('X-Forwarded-Client-Cert', () => {
  const xfcc = (value: string) => read({ certificate: 'xfcc', proxies }, ['X-Forwarded-Client-Cert', value]);
  const element = (certificate: typeof client) =>
    `By=spiffe://acme.example/api;Hash=${digest(certificate.der)};Cert="${percentEncode(certificate.cert)}";Subject="CN=a\\"b,O=c;d";URI=spiffe://acme.example/a;DNS=a.example;DNS=b.example`;

  const verified = (value: string) =>
    read({ certificate: 'xfcc', proxies, verified: true }, ['X-Forwarded-Client-Cert', value]);

  test('counts only the last element, which the proxy has added', () => {
    expect(verified(`${element(other)},${element(client)}`)?.thumbprint).toBe(client.thumbprint);
    expect(verified(`${element(client)}, ${element(other)}`)?.thumbprint).toBe(other.thumbprint);
  });

  test('can have several elements without names, if any authority can issue certificates', () => {
    const hashes = [other, client].map(({ der }) => `Hash=${digest(der)}`).join(',');

    expect(xfcc(hashes)?.thumbprint).toBe(client.thumbprint);
  });

  test.each(['URI', 'DNS'])(
    'is rejected if a name of an untrusted certificate can contain an element: %s',
    (key) => {
      const forged = `Hash=${digest(client.der)};${key}=x,Hash=${digest(other.der)}`;

      expect(() => xfcc(forged)).toThrow('malformed');
      expect(xfcc(element(client))?.thumbprint).toBe(client.thumbprint);
    },
  );

  test('does not find an element in a quoted value', () => {
    const quoted = `Hash=${digest(client.der)};Subject="CN=a,Hash=${digest(other.der)}"`;

    expect(xfcc(quoted)?.thumbprint).toBe(client.thumbprint);
  });

  test('can contain only the digest, without names', () => {
    const found = xfcc(`Hash=${digest(client.der).toUpperCase()}`);

    expect(found?.thumbprint).toBe(client.thumbprint);
    expect(found?.details()).toBeUndefined();
  });

  test('is rejected if the digest is that of another certificate', () => {
    expect(() => xfcc(`Hash=${digest(other.der)};Cert="${percentEncode(client.cert)}"`)).toThrow('malformed');
  });

  test('is rejected if the last element has no certificate, or the grammar is not that of Envoy', () => {
    const hashed = `Hash=${digest(client.der)}`;
    const rejected = [
      ...[`${hashed},By=a`, `${hashed},`, `${hashed};`, `,${hashed}`, `${hashed};${hashed}`, `${hashed};X=1`],
      ...[`Subject=",${hashed}`, `${hashed};Subject="a`, `${hashed};Subject=a"b"`, 'Hash=00', '=', 'Hash'],
    ];
    const accepted = rejected.filter((value) => {
      try {
        return xfcc(value) !== null;
      } catch {
        return false;
      }
    });

    expect(accepted).toEqual([]);
  });
});

describe('the verification of the certificate', () => {
  test('is that of nginx in X-SSL-Client-Verify', () => {
    const certificate = ['X-SSL-Client-Cert', percentEncode(client.cert)] as const;
    const values = [
      'SUCCESS',
      'FAILED:unable to verify the first certificate',
      'NONE',
      'success',
      'SUCCESS ',
    ];
    const authorized = values.filter(
      (value) =>
        read({ certificate: 'nginx', proxies }, certificate, ['X-SSL-Client-Verify', value])?.isAuthorized,
    );

    expect(authorized).toEqual(['SUCCESS']);
    expect(read({ certificate: 'nginx', proxies }, certificate)?.isAuthorized).toBe(false);
  });

  test('is rejected if nginx and the client both state it', () => {
    const certificate = ['X-SSL-Client-Cert', percentEncode(client.cert)] as const;
    const states: Headers = [
      ['X-SSL-Client-Verify', 'FAILED'],
      ['X-SSL-Client-Verify', 'SUCCESS'],
    ];

    expect(() => read({ certificate: 'nginx', proxies }, certificate, ...states)).toThrow('several');
  });

  test('is that of other proxies according to the option', () => {
    const verified = ([true, false, undefined] as const).map(
      (state) =>
        read({ certificate: 'client-cert', proxies, ...(state === undefined ? {} : { verified: state }) }, [
          'Client-Cert',
          sequence(client.der),
        ])?.isAuthorized,
    );

    expect(verified).toEqual([true, false, false]);
  });
});

describe('a reader of sockets', () => {
  test('ignores every header, and connections without TLS', () => {
    const headers: Headers = FORMS.map(([, name, value]) => [name, value]);

    expect(readerOf({ certificate: 'socket' })(requestFrom(PROXY, headers))).toBeUndefined();
  });
});

describe('the option mutualTls', () => {
  test('is checked, and the message names the member', () => {
    const cases: readonly (readonly [unknown, string])[] = [
      [
        undefined,
        'authenticate: mutualTls must be an object, for example { certificate, proxies, verified }',
      ],
      [{ certificate: 'socket', header: 'x' }, 'authenticate: mutualTls: unknown option header'],
      [{}, 'authenticate: mutualTls.certificate must be one of socket, client-cert, xfcc, nginx, aws'],
      [{ certificate: 'header' }, 'authenticate: mutualTls.certificate must be one of'],
      [{ certificate: 'socket', proxies }, 'authenticate: mutualTls.proxies must not be set'],
      [{ certificate: 'nginx', proxies, verified: true }, 'authenticate: mutualTls.verified must not be set'],
      [{ certificate: 'nginx' }, 'authenticate: mutualTls.proxies must be a non-empty array'],
      [{ certificate: 'aws', proxies: ['0.0.0.0/0'] }, 'authenticate: mutualTls.proxies must be a non-empty'],
      [{ certificate: 'xfcc', proxies, verified: 1 }, 'authenticate: mutualTls.verified must be a boolean'],
    ];
    const unexpected = cases.filter(([options, message]) => {
      const error = thrownBy(() => Reflect.apply(resolveMutualTls, undefined, [options, 'authenticate']));
      return !(error instanceof TypeError && error.message.startsWith(message));
    });

    expect(unexpected).toEqual([]);
  });
});
