import { createServer, type RequestListener, type Server } from 'node:http';
import type { Jwk } from '../../src/keys/jwk.js';
import { findFreePort } from './processes.js';

/** An HTTP server that publishes a JWK Set, on loopback. */
export interface JwksServer {
  readonly url: string;
  /** How many requests came. */
  readonly requests: () => number;
  /** What it answers from now on. */
  publish(keys: readonly unknown[]): void;
  /** Answers by something else from now on. */
  answer(listener: RequestListener): void;
  /** Stops listening; connections that are open are cut. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
}

export async function startJwksServer(keys: readonly Jwk[] = []): Promise<JwksServer> {
  let count = 0;
  let listener: RequestListener = () => {};
  const publish = (published: readonly unknown[]): void => {
    listener = (_req, res) =>
      res.setHeader('Content-Type', 'application/jwk-set+json').end(JSON.stringify({ keys: published }));
  };
  publish(keys);
  const create = (): Server =>
    createServer((req, res) => {
      count += 1;
      listener(req, res);
    });
  let server = create();
  const port = await findFreePort();
  await listen(server, port);
  return {
    url: `http://127.0.0.1:${port}/jwks`,
    requests: () => count,
    publish,
    answer(next) {
      listener = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
    async start() {
      server = create();
      await listen(server, port);
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
}
