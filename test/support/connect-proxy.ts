import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** Forward proxy that opens tunnels with CONNECT (RFC 9110 §9.3.6), and rejects all other requests. */
export interface ConnectProxy {
  readonly url: string;
  /** Targets of all tunnels, in order. */
  readonly targets: readonly string[];
  /** All bytes that clients sent through tunnels. */
  received(): Buffer;
  close(): Promise<void>;
}

/**
 * Starts a forward proxy.
 *
 * @param port port on loopback to which all tunnels lead
 * @param credentials user and password that clients must send. Default: none.
 */
export async function startConnectProxy(port: number, credentials?: string): Promise<ConnectProxy> {
  const targets: string[] = [];
  const received: Buffer[] = [];
  const sockets = new Set<Socket>();
  const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const server = createServer((_req, res) => void res.writeHead(405).end());
  server.on('connection', (socket) => sockets.add(socket));
  server.on('connect', (req, client: Socket) => {
    if (req.headers['proxy-authorization'] !== expected) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    targets.push(req.url ?? '');
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      client.on('data', (data) => received.push(data));
      client.pipe(upstream).pipe(client);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  const host = `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;

  return {
    url: `http://${credentials === undefined ? '' : `${credentials}@`}${host}`,
    targets,
    received: () => Buffer.concat(received),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
