import type { ErrorRequestHandler, RequestHandler } from 'express';

/** The middleware of an endpoint, in order. The last one sends the response. */
export type Endpoint = readonly (RequestHandler | ErrorRequestHandler)[];
