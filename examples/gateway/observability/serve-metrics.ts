import { createServer } from 'node:http';
import express from 'express';
import type { Registry } from 'prom-client';
import { listen } from '../server.js';

/** Serves metrics on a separate port, which operators can reach and clients cannot. */
export interface MetricsListener {
  readonly origin: string;
  close(): Promise<void>;
}

export async function serveMetrics(
  registry: Registry,
  address: { readonly host: string; readonly port: number },
): Promise<MetricsListener> {
  const app = express();
  app.disable('x-powered-by');
  app.get('/metrics', async (_req, res) => {
    res.type(registry.contentType).send(await registry.metrics());
  });
  const server = createServer(app);
  const origin = await listen(server, address, 'METRICS_PORT');
  return {
    origin,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
