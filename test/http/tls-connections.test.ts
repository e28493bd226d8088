import { Agent } from 'node:https';
import { describe, expect, test } from '@jest/globals';
import { createCertificateReader } from '../../src/http/client-certificate.js';
import { createSelfSigned } from '../support/client-certificates.js';
import { issueCertificate, startTlsServer, type TlsCall } from '../support/mutual-tls-app.js';

const certified = issueCertificate({ subject: '/CN=certified' });
const selfSigned = createSelfSigned({ subject: '/CN=self-signed' });
const expired = issueCertificate({ subject: '/CN=expired', days: -1 });

const read = createCertificateReader({ kind: 'socket' });

/** Server whose responses contain the client certificate and the state of the connection. */
function startReader(maxVersion: 'TLSv1.2' | 'TLSv1.3') {
  const sockets = new Set<unknown>();
  return startTlsServer(
    (req, res) => {
      const certificate = read(req);
      sockets.add(req.socket);
      res.end(
        JSON.stringify({
          thumbprint: certificate?.thumbprint,
          isAuthorized: certificate?.isAuthorized,
          isReadable: certificate?.details() !== undefined,
          isResumed:
            'isSessionReused' in req.socket &&
            Reflect.apply(Object(req.socket.isSessionReused), req.socket, []),
          connections: sockets.size,
        }),
      );
    },
    { maxVersion },
  );
}

async function readings(maxVersion: 'TLSv1.2' | 'TLSv1.3', ...calls: readonly TlsCall[]) {
  const server = await startReader(maxVersion);
  try {
    const bodies: Readonly<Record<string, unknown>>[] = [];
    for (const call of calls) bodies.push((await server.call('/', call)).body);
    return bodies;
  } finally {
    server.close();
  }
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a certificate of a connection with %s', (version) => {
  test('is authorized only if a trusted authority has issued it and it is valid', async () => {
    const found = await readings(
      version,
      { certificate: certified },
      { certificate: selfSigned },
      { certificate: expired },
    );

    expect(found).toMatchObject([
      { thumbprint: certified.thumbprint, isAuthorized: true, isReadable: true },
      { thumbprint: selfSigned.thumbprint, isAuthorized: false, isReadable: true },
      { thumbprint: expired.thumbprint, isAuthorized: false, isReadable: true },
    ]);
  });

  test('is that of each connection', async () => {
    const [none, some, again] = await readings(version, {}, { certificate: certified }, {});

    expect([none?.['thumbprint'], some?.['thumbprint'], again?.['thumbprint']]).toEqual([
      ...[undefined, certified.thumbprint, undefined],
    ]);
  });

  test('is the same for all requests of a connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const call = { certificate: certified, agent };
    const found = await readings(version, call, call, call);
    agent.destroy();

    expect(found).toMatchObject(
      Array.from({ length: 3 }, () => ({
        thumbprint: certified.thumbprint,
        isAuthorized: true,
        connections: 1,
      })),
    );
  });

  test('is known on a resumed session', async () => {
    const agent = new Agent({ maxCachedSessions: 10 });
    const found = await readings(
      version,
      { certificate: certified, agent },
      { certificate: certified, agent },
    );

    expect(found).toMatchObject([
      { isResumed: false, thumbprint: certified.thumbprint },
      { isResumed: true, thumbprint: certified.thumbprint, isAuthorized: true, connections: 2 },
    ]);
  });

  test('is missing on a resumed session without one', async () => {
    const agent = new Agent({ maxCachedSessions: 10 });
    const [, resumed] = await readings(version, { agent }, { agent });

    expect(resumed).toMatchObject({ isResumed: true, connections: 2 });
    expect(resumed?.['thumbprint']).toBeUndefined();
  });
});
