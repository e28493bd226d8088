import { AsyncResource } from 'node:async_hooks';
import express, { type Request, type RequestHandler } from 'express';
import { InvalidRequestError } from 'passport-jwe';
import { freeBuffers } from './collect-garbage.js';
import { ModelApiError } from './model-api-error.js';

const TYPE = 'application/json';
const IS_JSON = /^application\/json[ \t]*(?:;|$)/i;

/** Initial length in bytes of the buffer for a chunked body, whose length is unknown. */
const FIRST_LENGTH = 64 * 1024;

/**
 * Creates middleware that reads a JSON body into `req.body`, as a buffer. `express.raw()` keeps each part of a body and
 * then copies them, so that a body in chunks of one byte needs 350 times its length in memory. This middleware copies
 * each part into one buffer as it arrives. Pages of the buffer that are not written yet occupy no memory.
 *
 * @param limit maximum length in bytes.
 */
export function bufferBody(limit: number): RequestHandler {
  const readEncoded = express.raw({ type: TYPE, limit });
  return function readBytesOfBody(req, res, next) {
    const isEncoded = !/^identity$/i.test(req.get('content-encoding') ?? 'identity');
    const declared = lengthOf(req);
    // Also bodies of other types.
    if (isEncoded || !IS_JSON.test(req.headers['content-type'] ?? '')) return readEncoded(req, res, next);
    if (declared !== undefined && declared > limit) return next(tooLarge(limit));
    // No event follows the disconnection of the client during the earlier middleware.
    if (req.destroyed) return next(cutOff());
    let bytes = allocate(declared ?? FIRST_LENGTH);
    let filled = 0;
    // The events of the request have no async context, so tracing would lose the span of the request. `bind()` is slower.
    const context = new AsyncResource('bufferBody');
    const finish = (failure?: Error): void => {
      req.off('data', copy).off('end', end).off('error', fail).off('close', fail);
      context.runInAsyncScope(next, undefined, failure);
    };
    const copy = (part: Buffer): void => {
      const length = filled + part.length;
      if (length > limit) {
        finish(tooLarge(limit));
        req.resume();
        return;
      }
      if (length > bytes.length) bytes = extend(bytes, Math.min(limit, Math.max(length, 2 * bytes.length)));
      filled += part.copy(bytes, filled);
    };
    const end = (): void => {
      req.body = bytes.subarray(0, filled);
      finish();
    };
    const fail = (): void => {
      finish(cutOff());
    };
    req.on('data', copy).once('end', end).once('error', fail).once('close', fail);
  };
}

/** Returns the declared length of a body, or `undefined` for a chunked body (RFC 9112 §6.3). */
function lengthOf(req: Request): number | undefined {
  const length = req.get('content-length');
  return length === undefined ? undefined : Number(length);
}

function allocate(length: number): Buffer {
  freeBuffers(length);
  return Buffer.allocUnsafe(length);
}

function extend(bytes: Buffer, length: number): Buffer {
  const longer = allocate(length);
  bytes.copy(longer);
  return longer;
}

function cutOff(): InvalidRequestError {
  return new InvalidRequestError('The connection closed before the end of the request body');
}

function tooLarge(limit: number): ModelApiError {
  const message = `The request body is too large: the maximum is ${limit} bytes`;
  return new ModelApiError({ status: 413, type: 'request_too_large', code: 'invalid_request', message });
}
