import { createServer, type Socket } from 'node:net';

/** An upstream that says to each connection what a test has it say, whatever it was asked, and may be no good HTTP. */
export interface RawUpstream {
  readonly origin: string;
  /** What it says from now on, after the first bytes of a request; it ends the connection then. */
  say(...lines: readonly string[]): void;
  close(): Promise<void>;
}

export async function startRawUpstream(): Promise<RawUpstream> {
  let text = '';
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Whoever has its answer may go.
    socket.on('error', () => {});
    socket.once('data', () => socket.end(text, 'utf8'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;

  return {
    origin: `http://127.0.0.1:${port}`,
    say(...lines) {
      text = lines.join('\r\n');
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
