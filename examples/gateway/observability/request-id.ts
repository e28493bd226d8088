import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { isTrustedPeer } from './trusted-peer.js';

/** Pattern of request IDs that the gateway accepts from its proxies. */
const REQUEST_ID = /^[\w.:@=+/-]{1,128}$/;

/**
 * Assigns a request ID and returns it in `x-request-id`, and in `request-id` for Anthropic's clients. The ID in
 * `X-Request-Id` is accepted only from a trusted proxy: clients could otherwise forge the IDs of other requests.
 */
export const nameRequests: RequestHandler = (req, res, next) => {
  const sent = isTrustedPeer(req) ? req.get('x-request-id') : undefined;
  const isAccepted = sent !== undefined && REQUEST_ID.test(sent);
  const id = isAccepted ? sent : `req_${randomUUID().replaceAll('-', '')}`;
  res.setHeader('X-Request-Id', id);
  res.setHeader('Request-Id', id);
  next();
};

/** Pattern of `traceparent` (W3C Trace Context §3.2). A trace ID of zeros is invalid. */
const TRACE_PARENT = /^(?!ff)[\da-f]{2}-(?!0{32})([\da-f]{32})-[\da-f]{16}-[\da-f]{2}(?:$|-)/;

/** Returns the trace ID in `traceparent` if a trusted proxy sent the request. */
export function traceIdOf(req: Request): string | undefined {
  return isTrustedPeer(req) ? TRACE_PARENT.exec(req.get('traceparent') ?? '')?.[1] : undefined;
}

/** Returns the request ID of a response. */
export function requestIdOf(res: Response): string {
  return res.get('x-request-id') ?? '';
}
