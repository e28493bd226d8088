import type { IncomingMessage, ServerResponse } from 'node:http';

// Declared as methods, whose parameters are bivariant, so that handlers for Express requests are assignable.
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
 * Middleware for Express 4 and 5. The type has no path parameters, so that later handlers of a route infer `req.params`
 * from the path.
 */
export type Middleware = Mountable['handle'];

/** Error-handling middleware for Express 4 and 5. */
export type ErrorMiddleware = Mountable['handleError'];
