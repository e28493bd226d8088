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
  /** With the query. */
  readonly path: string;
}

/** Has the upstream answer a request, whose body and answer are streamed. A client that leaves has it stop. */
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

/** A body in a stream of its own: undici takes the socket from a request that it gives up, and the log asks for it. */
function bodyOf(req: Request): Readable | null {
  const isPresent =
    req.headers['content-length'] !== undefined || req.headers['transfer-encoding'] !== undefined;
  if (!isPresent) return null;
  const body = req.pipe(new PassThrough());
  req.once('error', (cause) => body.destroy(cause));
  // What nobody takes any more is let go, as the connection is free for the next request only after it.
  return body.once('error', () => {}).once('close', () => req.resume());
}

/** @throws UnusableAnswerError where whoever followed the answer would leave what the token allows. */
function relay({ statusCode, headers, body }: Dispatcher.ResponseData, res: Response): void {
  // It may fail at any time, also once nobody reads it.
  body.on('error', () => {});
  const isRedirect = statusCode >= 300 && statusCode < 400 && statusCode !== 304;
  if (isRedirect || statusCode < 200) {
    body.destroy();
    throw new UnusableAnswerError();
  }
  res.status(statusCode);
  copyAnswerHeaders(headers, res);
  if (statusCode === 304) {
    // Its `Content-Length` is that of another answer (RFC 9110 section 8.6), which undici would wait for.
    body.resume();
    return void res.end();
  }
  // An upstream that breaks off has the connection of the client end too: half an answer never looks whole.
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
