import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Express } from 'express';

/** HTTP server for one Express application. */
export interface ExpressServer {
  readonly server: Server;
  /** Passes requests to the application, after the listeners that are already present. */
  serve(app: Express): void;
}

/**
 * Creates an HTTP server whose requests and responses have the prototypes of the application from the beginning.
 *
 * Otherwise, Express changes the prototypes of each request. V8 keeps such objects until the next full garbage collection,
 * so that short garbage collections pause the process for several milliseconds.
 */
export function createExpressServer(): ExpressServer {
  class ExpressRequest extends IncomingMessage {}
  class ExpressResponse extends ServerResponse {}
  const server = createServer({ IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse });
  return {
    server,
    serve(app) {
      Object.setPrototypeOf(ExpressRequest.prototype, app.request);
      Object.setPrototypeOf(ExpressResponse.prototype, app.response);
      Object.assign(app, { request: ExpressRequest.prototype, response: ExpressResponse.prototype });
      server.on('request', app);
    },
  };
}
