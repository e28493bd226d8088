import { EventEmitter, once } from 'node:events';
import httpMocks from 'node-mocks-http';
import { app } from '../app.mjs';
import { drive } from './drive.mjs';

await drive(async ({ method, path, headers, body }) => {
  const { req, res } = httpMocks.createMocks(
    { method, url: path, headers, ...(body === undefined ? {} : { body: Buffer.from(body) }) },
    { eventEmitter: EventEmitter },
  );
  const ended = once(res, 'end');
  app(req, res);
  await ended;
  return { status: res.statusCode, headers: res.getHeaders(), body: res._getData() };
});
