import { createServer } from 'node:http';

/** Server on loopback that restarts the gateways. */
export interface RestartServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts a server that runs a function for each request, and then responds with 200, or with 500 if it fails. */
export async function startRestartServer(restart: () => Promise<void>): Promise<RestartServer> {
  const server = createServer((_req, res) => {
    restart().then(
      () => void res.end('Restarted all gateways.\n'),
      (error: unknown) => void res.writeHead(500).end(`${error}\n`),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
