import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Certificate } from './certificates.js';
import { findFreePort } from './processes.js';

/** An issuer on loopback that publishes metadata and keys. */
export interface IssuerServer {
  readonly origin: string;
  readonly host: string;
  /** Paths of the requests, each followed by the header `Authorization` if present. */
  readonly requests: () => readonly string[];
  readonly connections: () => number;
  /** Publish a JSON document at a path. */
  serve(path: string, document: unknown): void;
  /** Respond to a path with a listener. */
  answer(path: string, listener: RequestListener): void;
  /** Publish metadata, and keys at `/jwks`. `members` replaces members of the metadata. */
  publish(keys: readonly unknown[], members?: object): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Start an issuer: HTTPS with a certificate, HTTP without. */
export async function startIssuerServer(certificate?: Certificate): Promise<IssuerServer> {
  const answers = new Map<string, RequestListener>();
  const requests: string[] = [];
  let connections = 0;
  const listener: RequestListener = (req, res) => {
    const { url: path = '', headers } = req;
    requests.push([path, headers.authorization].filter((part) => part !== undefined).join(' '));
    const answer = answers.get(path);
    if (answer === undefined) res.writeHead(404).end();
    else answer(req, res);
  };
  const create = (): Server => {
    const server =
      certificate === undefined ? createHttpServer(listener) : createHttpsServer(certificate, listener);
    return server.on('connection', () => {
      connections += 1;
    });
  };
  let server = create();
  const port = await findFreePort();
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  await listen();
  const host = `127.0.0.1:${port}`;
  const origin = `${certificate === undefined ? 'http' : 'https'}://${host}`;
  const answer = (path: string, respond: RequestListener): void => void answers.set(path, respond);
  const serve = (path: string, document: unknown): void =>
    answer(path, (_req, res) => res.end(JSON.stringify(document)));
  return {
    origin,
    host,
    requests: () => [...requests],
    connections: () => connections,
    serve,
    answer,
    publish(keys, members = {}) {
      serve('/.well-known/openid-configuration', { issuer: origin, jwks_uri: `${origin}/jwks`, ...members });
      serve('/jwks', { keys });
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    async start() {
      server = create();
      await listen();
    },
  };
}
