import express, { type Router } from 'express';
import { type Limits, limitRequests, requireEndpoint, requireScope } from 'passport-jwe';
import type { Dispatcher } from 'undici';
import { forwardRequest } from '../proxy/forward-request.js';

export interface ProxyParts {
  /** Origin, and path if any, that requests are forwarded to. */
  readonly upstream: string;
  readonly dispatcher: Dispatcher;
  readonly limits: Limits;
}

/**
 * A reverse proxy for keys of type `api_call`: what their tokens allow is forwarded exactly as it was checked; behind
 * `authenticate()`.
 */
export function proxyRoutes({ upstream, dispatcher, limits }: ProxyParts): Router {
  const { origin, pathname } = new URL(upstream);
  const prefix = pathname.replace(/\/$/, '');
  const router = express.Router();
  router.use(requireScope('call:endpoints'), requireEndpoint(), limitRequests({ limits }));
  router.use((req, res, next) => {
    forwardRequest({ req, res, origin, path: prefix + req.url }, dispatcher).catch(next);
  });
  return router;
}
