import { fileURLToPath } from 'node:url';
import express, { type Express } from 'express';
import { CLIENT_ID } from './authorization-server/create-provider.js';
import { securityHeaders } from './security-headers.js';
import type { ServerSettings } from './settings.js';

const FILES = fileURLToPath(new URL('browser', import.meta.url));

/** Create the server of the browser application. It has only static files, and no secrets. */
export function createAppServer({ issuer, api, app }: ServerSettings): Express {
  const server = express();
  server.disable('x-powered-by');
  const sources = {
    'script-src': "'self'",
    'connect-src': `'self' ${issuer} ${api}`,
    'form-action': "'none'",
  };
  server.use(securityHeaders(app, sources));
  server.get('/config.json', (_req, res) => {
    res.json({ issuer, api, clientId: CLIENT_ID });
  });
  server.use(express.static(FILES));
  return server;
}
