import { pipeline } from 'node:stream/promises';
import express, { type Request, type Response, type Router } from 'express';
import { type Limits, limitRequests, requireEndpoint, requireScope } from 'passport-jwe';
import { type Dispatcher, errors } from 'undici';
import { requestIdOf } from '../observability/request-id.js';
import { requestHeaders, responseHeaders } from '../proxy/forwarded-headers.js';

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
    forward({ req, res, origin, path: prefix + req.url }, dispatcher).catch(next);
  });
  return router;
}

interface Forwarding {
  readonly req: Request;
  readonly res: Response;
  readonly origin: string;
  /** With the query. */
  readonly path: string;
}

async function forward({ req, res, origin, path }: Forwarding, dispatcher: Dispatcher): Promise<void> {
  const leaving = new AbortController();
  res.once('close', () => leaving.abort());
  const answer = await dispatch({ req, res, origin, path }, dispatcher, leaving.signal);
  if (answer === undefined) return;
  if (answer.statusCode >= 300 && answer.statusCode < 400 && answer.statusCode !== 304) {
    // Whoever follows it would leave what the token allows.
    answer.body.on('error', () => {}).destroy();
    return refuse(res, 502, 'The upstream answered with a redirect');
  }
  res.status(answer.statusCode).set(responseHeaders(answer.headers));
  // An upstream that breaks off has the connection of the client end too: half an answer never looks whole.
  await pipeline(answer.body, res).catch(() => res.destroy());
}

async function dispatch(
  { req, res, origin, path }: Forwarding,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData | undefined> {
  const hasBody =
    req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined;
  try {
    return await dispatcher.request({
      ...{ origin, path, signal },
      method: req.method,
      headers: { ...requestHeaders(req.headers), 'x-request-id': requestIdOf(res) },
      body: hasBody ? req : null,
    });
  } catch (cause) {
    if (res.closed) return undefined;
    const isTimeout = cause instanceof errors.HeadersTimeoutError || cause instanceof errors.BodyTimeoutError;
    refuse(
      res,
      isTimeout ? 504 : 502,
      isTimeout ? 'The upstream did not answer in time' : 'The upstream failed',
    );
    return undefined;
  }
}

function refuse(res: Response, status: 502 | 504, description: string): void {
  res.status(status).json({ error: 'upstream_failed', error_description: description });
}
