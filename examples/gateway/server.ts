import { createServer, type Server, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { onResponseFinished } from 'passport-jwe';
import type { Settings } from './settings.js';

/** A server that ends without cutting off a request that it took. */
export interface GatewayServer {
  readonly server: Server;
  /** It is about to end: load balancers send no more. */
  readonly isDraining: boolean;
  /** @throws Error (as rejection) that names a port that is taken. */
  listen(): Promise<string>;
  /** Ends in good order; how many requests had to be cut off after all. */
  close(): Promise<number>;
}

type ServerSettings = Pick<Settings, 'host' | 'port' | 'shutdownDelayMs' | 'shutdownTimeoutMs'>;

/** How long a connection may take to send the rest of a request that it had begun before. */
const HALF_SENT_MS = 250;

export function createGatewayServer(settings: ServerSettings): GatewayServer {
  const server = createServer();
  const running = new Set<ServerResponse>();
  let isDraining = false;
  let onChange = (): void => {};

  server.on('request', (_req, res) => {
    if (isDraining) res.setHeader('Connection', 'close');
    running.add(res);
    onChange();
    onResponseFinished(res, () => {
      running.delete(res);
      onChange();
    });
  });

  /** Resolves when no request has run for a moment. */
  const whenQuiet = (): Promise<void> =>
    new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      onChange = () => {
        clearTimeout(timer);
        if (running.size === 0) timer = setTimeout(resolve, HALF_SENT_MS);
      };
      onChange();
    });

  return {
    server,
    get isDraining() {
      return isDraining;
    },
    listen: () => listen(server, settings),

    async close() {
      isDraining = true;
      for (const res of running) if (!res.headersSent) res.setHeader('Connection', 'close');
      // Clients leave with the answer to their last request; whoever watches /readyz has noticed by then.
      await pause(settings.shutdownDelayMs);
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      const timeout = pause(settings.shutdownTimeoutMs, undefined, { ref: false });
      await Promise.race([closed, whenQuiet(), timeout]);
      const cutOff = running.size;
      server.closeAllConnections();
      await closed;
      return cutOff;
    },
  };
}

/**
 * The origin that a server then listens on.
 * @param setting that moves it to another port.
 * @throws Error (as rejection) that names a port that is taken.
 */
export function listen(
  server: Server,
  { host, port }: Pick<Settings, 'host' | 'port'>,
  setting = 'PORT',
): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new Error(`Port ${port} is taken; set ${setting} to another one`)
          : cause,
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
