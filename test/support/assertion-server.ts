import { createServer } from 'node:http';
import express from 'express';
import {
  authorizationServerMetadata,
  createMemoryStores,
  createRevocations,
  tokenRouter,
} from 'passport-jwe';
import { type KeyFiles, loadFiles } from './api-key-files.js';
import { findFreePort } from './processes.js';
import { AUDIENCE, createRing } from './tokens.js';

/** An authorization server on loopback, with the system time, for clients of other libraries. */
export interface AssertionServer {
  /** The issuer, which is the origin of the server. */
  readonly issuer: string;
  stop(): Promise<void>;
}

/** @param describe returns the API key files for the issuer. */
export async function startAssertionServer(describe: (issuer: string) => KeyFiles): Promise<AssertionServer> {
  const port = await findFreePort();
  const issuer = `http://127.0.0.1:${port}`;
  const stores = createMemoryStores();
  const apiKeys = await loadFiles(describe(issuer));
  const revocations = createRevocations({ stores });
  const options = { keyRing: await createRing(), issuer, audience: AUDIENCE, apiKeys, revocations, stores };
  const tokens = tokenRouter(options);
  const app = express().use('/oauth', tokens);
  app.use(authorizationServerMetadata({ tokenRouter: tokens, url: `${issuer}/oauth` }));
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    issuer,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
