import type { IncomingMessage, ServerResponse } from 'node:http';

// Methods, as their parameters are compared bivariantly: handlers that are written for requests of Express fit.
interface Mountable {
  handle(req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void): void;
  handleError(
    error: unknown,
    req: IncomingMessage,
    res: ServerResponse,
    next: (error?: unknown) => void,
  ): void;
}

/**
 * Middleware for Express 4 and 5. Its type names no parameters of a path, so that later handlers of a route infer
 * `req.params` from the path.
 */
export type Middleware = Mountable['handle'];

/** The same for error handlers. */
export type ErrorMiddleware = Mountable['handleError'];
