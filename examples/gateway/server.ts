import type { Server } from 'node:http';
import { Server as SocketServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Express } from 'express';
import { onResponseFinished } from 'passport-jwe';
import { deferContinue } from './defer-continue.js';
import { emptyBacklog } from './empty-backlog.js';
import { createExpressServer } from './express-server.js';
import { createRunningResponses } from './running-responses.js';
import type { Settings } from './settings.js';

/** HTTP server with graceful shutdown. */
export interface GatewayServer {
  readonly server: Server;
  /** Whether the server is shutting down. Load balancers should then send no more requests. */
  readonly isDraining: boolean;
  /**
   * Starts the server and resolves with its origin.
   *
   * @throws Error (as rejection) that names the port if the port is in use.
   */
  listen(): Promise<string>;
  /** Passes requests to the application. */
  serve(app: Express): void;
  /** Shuts the server down. Resolves with the number of requests that were aborted at the timeout. */
  close(): Promise<number>;
  /** Closes the listener and all connections at once. */
  abort(): Promise<void>;
}

type ServerSettings = Pick<
  Settings,
  'host' | 'keepAliveTimeoutMs' | 'port' | 'shutdownDelayMs' | 'shutdownTimeoutMs'
>;

/** Time in milliseconds for a client to finish sending a request that it began before the shutdown. */
const HALF_SENT_MS = 250;

/**
 * Time in milliseconds before the listener closes in which connections persist again. Load balancers then send requests on open
 * connections, and few new ones can meet the closing listener.
 */
const SETTLE_MS = 500;

const HEADERS_MARGIN_MS = 1000;

/** Creates an HTTP server that finishes running requests before it closes. */
export function createGatewayServer(settings: ServerSettings): GatewayServer {
  const { server, serve } = createExpressServer();
  server.keepAliveTimeout = settings.keepAliveTimeoutMs;
  // A client that uses an idle connection again must not exceed the timeout for headers.
  server.headersTimeout = Math.max(server.headersTimeout, settings.keepAliveTimeoutMs + HEADERS_MARGIN_MS);
  deferContinue(server);
  const running = createRunningResponses();
  let isDraining = false;
  let endsConnections = false;
  let onChange = (): void => {};

  server.on('request', (_req, res) => {
    if (endsConnections) res.setHeader('Connection', 'close');
    running.add(res);
    onChange();
    onResponseFinished(res, () => {
      running.remove(res);
      onChange();
    });
  });

  const endConnections = (): void => {
    endsConnections = true;
    for (const res of running) if (!res.headersSent) res.setHeader('Connection', 'close');
  };

  /** Resolves once no request has run for `HALF_SENT_MS`. */
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
    serve,

    async abort() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },

    async close() {
      isDraining = true;
      endConnections();
      // During the delay, clients disconnect after their last response, and load balancers see the shutdown at /readyz.
      const settleMs = Math.min(SETTLE_MS, settings.shutdownDelayMs / 2);
      await pause(settings.shutdownDelayMs - settleMs);
      server.closeIdleConnections();
      endsConnections = false;
      await pause(settleMs);
      await emptyBacklog(server);
      // `server.close()` of HTTP would also close idle connections, on which a request can be on its way.
      const closed = new Promise<void>((resolve) => {
        SocketServer.prototype.close.call(server, () => resolve());
      });
      endConnections();
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
 * Starts a server and resolves with its origin.
 *
 * @param setting environment variable of the port, for the error message.
 * @throws Error (as rejection) that names the port if the port is in use.
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
          ? new Error(`Port ${port} is in use: set ${setting} to a different port`)
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
