import express, { type Router } from 'express';
import { type Limits, limitRequests, requireEndpoint, requireScope } from 'passport-jwe';
import type { Dispatcher } from 'undici';
import { forwardRequest } from '../proxy/forward-request.js';

export interface ProxyParts {
  /** URL that requests are forwarded to, with an optional path prefix. */
  readonly upstream: string;
  readonly dispatcher: Dispatcher;
  readonly limits: Limits;
}

/**
 * A reverse proxy for API keys of type `api_call`. The request is forwarded exactly in the form that was checked against the
 * token. Mount it behind `authenticate()`.
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
