import { PassThrough, type Readable } from 'node:stream';
import type { Request, Response } from 'express';
import { isResponseFinished, onResponseFinished } from 'passport-jwe';
import type { Dispatcher } from 'undici';
import { noteFailure } from '../observability/noted-failures.js';
import { requestIdOf } from '../observability/request-id.js';
import { copyAnswerHeaders, requestHeaders } from './forwarded-headers.js';
import { describeUpstreamFailure, UnusableAnswerError } from './upstream-failure.js';

export interface Forwarding {
  readonly req: Request;
  readonly res: Response;
  readonly origin: string;
  /** Path with query. */
  readonly path: string;
}

/** Forwards a request to the upstream and streams both bodies. Aborts it if the client disconnects. */
export async function forwardRequest(forwarding: Forwarding, dispatcher: Dispatcher): Promise<void> {
  const { res } = forwarding;
  const leaving = new AbortController();
  onResponseFinished(res, () => leaving.abort());
  // The client may have left while the limits were checked.
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
 * Pipes the body into a separate stream: undici destroys the stream of an aborted request, and the log needs its
 * socket.
 */
function bodyOf(req: Request): Readable | null {
  const isPresent =
    req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined;
  if (!isPresent) return null;
  const body = req.pipe(new PassThrough());
  req.once('error', (cause) => body.destroy(cause));
  // Drains the rest of the body, because the connection can serve the next request only afterwards.
  return body.once('error', () => {}).once('close', () => req.resume());
}

/** @throws UnusableAnswerError for a redirect, which could lead the client beyond the permissions of the token. */
function relay({ statusCode, headers, body }: Dispatcher.ResponseData, res: Response): void {
  // The body may fail at any time, even without a reader.
  body.on('error', () => {});
  const isRedirect = statusCode >= 300 && statusCode < 400 && statusCode !== 304;
  if (isRedirect || statusCode < 200) {
    body.destroy();
    throw new UnusableAnswerError();
  }
  res.status(statusCode);
  copyAnswerHeaders(headers, res);
  if (statusCode === 304) {
    // Its `Content-Length` describes the 200 response (RFC 9110 §8.6), and undici would wait for that body.
    body.resume();
    return void res.end();
  }
  // If the upstream fails, the client connection is closed too, so that a truncated response never looks complete.
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
