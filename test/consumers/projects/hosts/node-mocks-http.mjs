import { EventEmitter, once } from 'node:events';
import httpMocks from 'node-mocks-http';

/** Pass a mock request through an application or a middleware, and return the mock response once it has ended. */
export async function send(app, request) {
  const { req, res } = httpMocks.createMocks(request, { eventEmitter: EventEmitter });
  const ended = once(res, 'end');
  app(req, res);
  await ended;
  return res;
}
