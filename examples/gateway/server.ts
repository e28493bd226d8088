import type { Server } from 'node:http';
import type { Settings } from './settings.js';

const SHUTDOWN_TIMEOUT_MS = 5000;

/** The origin that the server then listens on. @throws Error (as rejection) that names a port that is taken. */
export function listen(server: Server, { host, port }: Pick<Settings, 'host' | 'port'>): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE' ? new Error(`Port ${port} is taken; set PORT to another one`) : cause,
      );
    });
    server.listen(port, host, () => resolve(originOf(server, host)));
  });
}

function originOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Requests that run may end, connections take no more of them, and what does not end is cut off. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.prependListener('request', (_req, res) => res.setHeader('Connection', 'close'));
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), SHUTDOWN_TIMEOUT_MS).unref();
  });
}
