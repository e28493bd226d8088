import express, { type RequestHandler } from 'express';
import { InvalidRequestError } from 'passport-jwe';

const TYPE = 'application/json';

/** Length in bytes from which the buffer is allocated before the body arrives. */
const LARGE = 64 * 1024;

/**
 * Creates middleware that reads a JSON body into `req.body`, as a buffer. `express.raw()` collects the parts of a body and
 * then copies them. This middleware copies each part of a large body into one buffer as it arrives, so that a body needs
 * its own length in memory alone. Pages of the buffer that are not written yet occupy no memory.
 *
 * @param limit maximum length in bytes.
 */
export function bufferBody(limit: number): RequestHandler {
  const readSmall = express.raw({ type: TYPE, limit });
  return function readBytesOfBody(req, res, next) {
    const length = Number(req.get('content-length') ?? 0);
    const isEncoded = !/^identity$/i.test(req.get('content-encoding') ?? 'identity');
    // Chunked, encoded, short and too long bodies, and bodies of other types.
    if (!(length >= LARGE && length <= limit) || isEncoded || req.is(TYPE) === false) {
      return readSmall(req, res, next);
    }
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    const finish = (failure?: InvalidRequestError): void => {
      req.off('data', copy).off('end', end).off('error', fail).off('close', fail);
      next(failure);
    };
    const copy = (part: Buffer): void => {
      filled += part.copy(bytes, filled);
    };
    const end = (): void => {
      req.body = bytes.subarray(0, filled);
      finish();
    };
    const fail = (): void => {
      finish(new InvalidRequestError('The connection closed before the end of the request body'));
    };
    req.on('data', copy).once('end', end).once('error', fail).once('close', fail);
  };
}
