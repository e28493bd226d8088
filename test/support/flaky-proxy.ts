import { connect, createServer, type Socket } from 'node:net';

/** What becomes of the bytes that a proxy is given. */
export type ProxyMode =
  /** They are passed on. */
  | 'pass'
  /** New connections are refused, and those that exist end after half of the next answer. */
  | 'cut'
  /** They vanish, and nobody is told; what a connection lost in this way it never gets back. */
  | 'swallow';

export interface FlakyProxy {
  readonly port: number;
  setMode(mode: ProxyMode): void;
  /** Where new connections lead; those that exist are ended, or stay where they are. */
  setTarget(port: number, options?: { readonly keepConnections: boolean }): void;
  close(): Promise<void>;
}

/** A TCP proxy on loopback, to put between a client and its server. */
export async function startFlakyProxy(port: number): Promise<FlakyProxy> {
  let mode: ProxyMode = 'pass';
  let targetPort = port;
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    return socket;
  };

  const server = createServer((client) => {
    track(client);
    if (mode === 'cut') return client.destroy();
    const target = track(connect(targetPort, '127.0.0.1'));
    client.once('close', () => target.destroy());
    target.once('close', () => client.destroy());
    let isLost = false;
    const passes = (): boolean => {
      isLost ||= mode === 'swallow';
      return !isLost;
    };
    client.on('data', (bytes) => {
      if (passes()) target.write(bytes);
    });
    target.on('data', (bytes) => {
      if (passes() && mode === 'pass') client.write(bytes);
      if (mode === 'cut') client.end(bytes.subarray(0, bytes.length >> 1), () => client.destroy());
    });
    return undefined;
  });
  const ownPort = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });

  return {
    port: ownPort,
    setMode: (next) => {
      mode = next;
    },
    setTarget: (next, { keepConnections } = { keepConnections: false }) => {
      targetPort = next;
      if (keepConnections) return;
      for (const socket of sockets) socket.destroy();
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
