import type { ErrorRequestHandler, RequestHandler } from 'express';

/** The middleware of an endpoint, in the order in which a request passes them. The last one answers. */
export type Endpoint = readonly (RequestHandler | ErrorRequestHandler)[];
