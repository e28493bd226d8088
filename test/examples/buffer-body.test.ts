import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from '@jest/globals';
import express, { type ErrorRequestHandler } from 'express';
import { bufferBody } from '../../examples/gateway/models/buffer-body.js';
import { listen } from '../support/http.js';

test('a client that disconnects before its body is read ends the request', async () => {
  const app = express();
  app.post('/', (req, _res, next) => {
    req.once('close', () => setImmediate(next));
  });
  const failure = new Promise<unknown>((resolve) => {
    const fail: ErrorRequestHandler = (reason, _req, _res, _next) => resolve(reason);
    app.use(bufferBody(1000), fail);
  });
  const server = createServer(app);
  const received = once(server, 'request');
  const socket = connect(await listen(server), '127.0.0.1');
  socket.write(
    'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
  );
  await received;
  socket.destroy();

  await expect(failure).resolves.toMatchObject({
    message: 'The connection closed before the end of the request body',
  });
  server.close();
});
