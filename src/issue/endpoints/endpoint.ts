import type { ErrorRequestHandler, RequestHandler } from 'express';

/** Middleware of an endpoint, in order. The last middleware sends the response. */
export type Endpoint = readonly (RequestHandler | ErrorRequestHandler)[];
