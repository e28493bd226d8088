import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, test } from '@jest/globals';
import express from 'express';
import { authenticate, createLimits, createMemoryStores, limitRequests } from 'passport-jwe';
import { bufferBody } from '../../examples/gateway/models/buffer-body.js';
import { listen } from '../support/http.js';
import { AUDIENCE, clock, createRing, ISSUER, mintToken } from '../support/tokens.js';

const keyRing = await createRing();
const rateLimits = {
  requests_per_minute: 100,
  tokens_per_minute: 100,
  requests_per_hour: 100,
  concurrent_requests: 1,
};
const token = mintToken(keyRing, { claims: { rate_limits: rateLimits } });

let server: Server;

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Starts a server that reads bodies as the gateway does, with a request timeout of `timeoutMs`. */
async function start(timeoutMs: number): Promise<number> {
  const app = express();
  const limits = createLimits({ stores: createMemoryStores({ clock }), clock });
  app.use(authenticate({ keyRing, issuer: ISSUER, audience: AUDIENCE, clock }));
  app.post('/', limitRequests({ limits }), bufferBody(1_000_000), (_req, res) => void res.sendStatus(204));
  const timeouts = { requestTimeout: timeoutMs, headersTimeout: timeoutMs, connectionsCheckingInterval: 20 };
  server = createServer(timeouts, app);
  return listen(server);
}

test('an upload that stalls until the request timeout receives a 408, and releases its slot', async () => {
  const port = await start(2000);
  const head = ['POST / HTTP/1.1', 'Host: gateway', `Authorization: Bearer ${token}`];
  const socket = connect(port, '127.0.0.1');
  socket.write([...head, 'Content-Type: application/json', 'Content-Length: 9', '', '{'].join('\r\n'));
  await once(server, 'request');
  const upload = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const send = () => fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers: upload, body: '{}' });

  expect((await send()).status).toBe(429);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /);
  expect((await send()).status).toBe(204);
});
