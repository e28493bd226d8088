import express, { type Router } from 'express';
import { type Limits, limitRequests, requireEndpoint, requireScope } from 'passport-jwe';
import type { Dispatcher } from 'undici';
import { forwardRequest } from '../proxy/forward-request.js';

/** Dependencies of the proxy route. */
export interface ProxyParts {
  /** URL of the upstream, with an optional path prefix. */
  readonly upstream: string;
  readonly dispatcher: Dispatcher;
  readonly limits: Limits;
}

/**
 * Creates a reverse proxy for API keys of type `api_call`. It forwards the same method and path that were checked by
 * `requireEndpoint()`. Mount it behind `authenticate()`.
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
