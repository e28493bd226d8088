import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { emptyBacklog } from '../../examples/gateway/empty-backlog.js';
import { findFreePort } from '../support/processes.js';

/** Fewer than the backlog of Node.js, 511. */
const CONNECTIONS = 400;

test('a server accepts all connections in its backlog before its listener closes', async () => {
  const port = await findFreePort();
  const accepted: Socket[] = [];
  const server = createServer((socket) => void accepted.push(socket)).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const clients = Array.from({ length: CONNECTIONS }, () => connect(port, '127.0.0.1').on('error', () => {}));
  await Promise.all(clients.map((client) => once(client, 'connect')));

  await emptyBacklog(server);
  server.close();
  const count = accepted.length;
  for (const socket of [...clients, ...accepted]) socket.destroy();
  await once(server, 'close');

  expect(count).toBe(CONNECTIONS);
});

test('an idle server is ready to close at once', async () => {
  const server = createServer().listen(await findFreePort(), '127.0.0.1');
  await once(server, 'listening');

  await emptyBacklog(server);
  server.close();

  expect(server.listenerCount('connection')).toBe(0);
});
