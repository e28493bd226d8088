import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type LdapDirectoryOptions, ldapDirectory } from 'passport-jwe/ldap';
import {
  type CertificateAuthority,
  type CertificateSettings,
  createCertificateAuthority,
} from '../../support/certificate-authority.js';
import { outageOf } from '../../support/ldap-outcomes.js';
import { startProgram } from '../../support/processes.js';
import { describeWithSlapd, person, type Slapd, startSlapd } from '../../support/slapd.js';

const authenticated = { kind: 'authenticated' };

describeWithSlapd('a connection with TLS', () => {
  let authority: CertificateAuthority;
  let slapd: Slapd;

  const startWith = async (settings?: CertificateSettings): Promise<Slapd> =>
    startSlapd({ certificate: await authority.issue(settings), entries: person('alice') });

  /** Both ways to TLS with a server. */
  const waysTo = ({ options, port, tlsPort }: Slapd, host = '127.0.0.1'): readonly LdapDirectoryOptions[] => [
    { ...options, url: `ldaps://${host}:${tlsPort}`, caFile: authority.caFile },
    { ...options, url: `ldap://${host}:${port}`, startTls: true, caFile: authority.caFile },
  ];

  const signInBy = async (options: LdapDirectoryOptions) => {
    const directory = ldapDirectory(options);
    try {
      return await directory.authenticate('alice', 'password of alice');
    } finally {
      await directory.close();
    }
  };

  /** Causes of outages by LDAPS and by StartTLS. */
  const outagesWith = async (server: Slapd, caFile: string | null = authority.caFile) => {
    const causes: string[] = [];
    for (const { caFile: _, ...options } of waysTo(server)) {
      causes.push(await outageOf(signInBy({ ...options, ...(caFile === null ? {} : { caFile }) })));
    }
    return causes;
  };

  beforeAll(async () => {
    authority = await createCertificateAuthority();
    slapd = await startWith();
  });

  afterAll(async () => {
    await slapd.dispose();
    await authority.dispose();
  });

  test.each([
    ['address', '127.0.0.1'],
    ['name', 'localhost'],
  ])('is opened to a server whose certificate contains its %s', async (_, host) => {
    for (const options of waysTo(slapd, host)) expect(await signInBy(options)).toMatchObject(authenticated);
  });

  test('is encrypted before the bind, as the server requires', async () => {
    const strict = await startSlapd({
      certificate: await authority.issue(),
      database: 'security simple_bind=128',
    });
    const causes: string[] = [];
    for (const options of [...waysTo(strict), strict.options]) {
      const directory = ldapDirectory(options);
      causes.push(await directory.findByName('alice').then(String, ({ cause }) => cause.name));
      await directory.close();
    }

    expect(causes).toEqual(['undefined', 'undefined', 'ConfidentialityRequiredError']);
    await strict.dispose();
  });

  test('is not opened to another host name', async () => {
    const other = await startWith({ altName: 'DNS:ldap.example.com' });

    for (const cause of await outagesWith(other))
      expect(cause).toContain("does not match certificate's altnames");
    await other.dispose();
  });

  test('is not opened with an expired certificate', async () => {
    const expired = await startWith({ isExpired: true });

    for (const cause of await outagesWith(expired)) expect(cause).toContain('certificate has expired');
    await expired.dispose();
  });

  test('is not opened if the authority is unknown', async () => {
    const stranger = await createCertificateAuthority();
    for (const caFile of [stranger.caFile, null]) {
      for (const cause of await outagesWith(slapd, caFile)) expect(cause).toMatch(/unable to|self-signed/);
    }
    await stranger.dispose();
  });

  test('is not opened if the authority is unknown, although NODE_TLS_REJECT_UNAUTHORIZED is 0', async () => {
    const stranger = await createCertificateAuthority();
    const passwords = `${stranger.caFile}.passwords`;
    await writeFile(passwords, JSON.stringify({ right: 'password of alice', wrong: 'wrong' }));
    const outputs: string[] = [];
    for (const options of waysTo(slapd)) {
      for (const { caFile } of [stranger, authority]) {
        const { ended, output } = startProgram('test/support/programs/ldap-sign-in.ts', {
          ...{ LDAP_OPTIONS: JSON.stringify({ ...options, caFile }), PASSWORDS: passwords },
          NODE_TLS_REJECT_UNAUTHORIZED: '0',
        });
        await ended;
        outputs.push(output());
      }
    }
    await stranger.dispose();

    expect(outputs.map((text) => text.includes("kind: 'authenticated'"))).toEqual([false, true, false, true]);
  });

  test('is not opened without StartTLS if the server rejects it', async () => {
    const plain = await startSlapd({ entries: person('alice') });
    const [, startTls] = waysTo(plain);

    expect(await outageOf(signInBy({ ...plain.options, ...startTls }))).toContain('ProtocolError');
    await plain.dispose();
  });

  test('accepts no data of an attacker between StartTLS and TLS', async () => {
    const { certFile, keyFile } = await authority.issue();
    const secureContext = createSecureContext({
      cert: await readFile(certFile),
      key: await readFile(keyFile),
    });
    const startTlsResponse = Buffer.from('300c02010278070a010004000400', 'hex');
    const rejection = Buffer.from('300c02010361070a013104000400', 'hex');
    // A successful bind, whose message ends with the rejection that the server sends.
    const forged = Buffer.from('301a02010361150a01000400040e', 'hex');
    const outcomes: string[] = [];
    for (const injected of [Buffer.alloc(0), forged]) {
      let isSearched = false;
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => {
          socket.write(Buffer.concat([startTlsResponse, injected]));
          const secured = new TLSSocket(socket, { isServer: true, secureContext });
          secured.on('error', () => {});
          secured.once('data', () => {
            secured.write(rejection);
            secured.on('data', (data) => {
              isSearched ||= data.includes('uid');
            });
          });
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : undefined;
      const url = `ldap://127.0.0.1:${port}`;
      const options = { ...slapd.options, url, startTls: true, caFile: authority.caFile };
      outcomes.push(await outageOf(signInBy(options)), String(isSearched));
      server.close();
    }

    expect(outcomes).toEqual([
      expect.stringContaining('InvalidCredentialsError'),
      'false',
      'Error: The server sent data between StartTLS and TLS',
      'false',
    ]);
  });

  test('sends no password before TLS', async () => {
    const received: Buffer[] = [];
    const server = createServer((socket) => {
      socket.on('data', (data) => received.push(data));
      socket.on('error', () => {});
      socket.setTimeout(300, () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const [ldaps, startTls] = waysTo(slapd);
    for (const options of [ldaps, startTls]) {
      const url = String(options?.url).replace(/\d+$/, String(port));
      await outageOf(signInBy({ ...slapd.options, ...options, url }));
    }
    await new Promise((resolve) => server.close(resolve));

    expect(received).not.toHaveLength(0);
    expect(Buffer.concat(received).includes('password')).toBe(false);
  });
});
