import { PassThrough, type Readable } from 'node:stream';
import type { Request, Response } from 'express';
import { isResponseFinished, onResponseFinished } from 'passport-jwe';
import type { Dispatcher } from 'undici';
import { noteFailure } from '../observability/noted-failures.js';
import { requestIdOf } from '../observability/request-id.js';
import { copyAnswerHeaders, requestHeaders } from './forwarded-headers.js';
import { describeUpstreamFailure, UnusableAnswerError } from './upstream-failure.js';

/** Request to forward, and its destination. */
export interface Forwarding {
  readonly req: Request;
  readonly res: Response;
  readonly origin: string;
  /** Path and query at the upstream. */
  readonly path: string;
}

/** Forwards a request to the upstream and streams both bodies. Aborts the request if the client disconnects. */
export async function forwardRequest(forwarding: Forwarding, dispatcher: Dispatcher): Promise<void> {
  const { res } = forwarding;
  const leaving = new AbortController();
  onResponseFinished(res, () => leaving.abort());
  // The client may have disconnected while the limits were checked.
  if (isResponseFinished(res)) return;
  try {
    relay(await dispatch(forwarding, dispatcher, leaving.signal), res);
  } catch (cause) {
    if (!isResponseFinished(res)) refuse(res, cause);
  }
}

function dispatch(
  { req, res, origin, path }: Forwarding,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  return dispatcher.request({
    ...{ origin, path, signal },
    method: req.method,
    headers: { ...requestHeaders(req.headers), 'x-request-id': requestIdOf(res) },
    body: bodyOf(req),
  });
}

/**
 * Pipes the request body into a separate stream. undici destroys the stream of an aborted request, but the request log
 * still needs the socket of the original stream.
 */
function bodyOf(req: Request): Readable | null {
  const isPresent =
    req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined;
  if (!isPresent) return null;
  const body = req.pipe(new PassThrough());
  req.once('error', (cause) => body.destroy(cause));
  // Drains the rest of the body, which the client sends before its next request on this connection.
  return body.once('error', () => {}).once('close', () => req.resume());
}

/**
 * Relays the response of the upstream to the client.
 *
 * @throws UnusableAnswerError for a redirect, which could lead to paths that the token does not permit.
 */
function relay({ statusCode, headers, body }: Dispatcher.ResponseData, res: Response): void {
  // The body can fail before it is piped. An unhandled error would end the process.
  body.on('error', () => {});
  const isRedirect = statusCode >= 300 && statusCode < 400 && statusCode !== 304;
  if (isRedirect || statusCode < 200) {
    body.destroy();
    throw new UnusableAnswerError();
  }
  res.status(statusCode);
  copyAnswerHeaders(headers, res);
  if (statusCode === 304) {
    // A 304 response may have the `Content-Length` of the 200 response (RFC 9110 §8.6), whose body never arrives.
    body.resume();
    return void res.end();
  }
  // Closes the client connection if the upstream fails, so that a truncated response never looks complete.
  body.once('error', (cause) => {
    noteFailure(res, cause);
    res.destroy();
  });
  body.pipe(res).once('error', (cause) => body.destroy(cause));
}

function refuse(res: Response, cause: unknown): void {
  const { status, description } = describeUpstreamFailure(cause);
  noteFailure(res, cause);
  res.status(status).json({ error: 'upstream_failed', error_description: description });
}
