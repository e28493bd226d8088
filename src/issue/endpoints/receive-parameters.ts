import express, { type ErrorRequestHandler, type Request, type RequestHandler } from 'express';
import { InvalidRequestError, PassportJweError } from '../../base/errors.js';
import {
  BODY_LIMIT,
  FORM_TYPE,
  isUnparsed,
  JSON_TYPE,
  mediaTypeOf,
  parseBody,
} from '../../http/parse-body.js';
import type { Parameters } from '../../http/read-parameter.js';
import { createRequestSlot } from '../../http/request-slot.js';
import type { Endpoint } from './endpoint.js';

const MEDIA_TYPES = [FORM_TYPE, JSON_TYPE];

const parametersSlot = createRequestSlot<Parameters>();

/** Return the parameters of a request, after `receiveParameters` has run. */
export function parametersOf(req: Request): Parameters {
  return parametersSlot.get(req);
}

/**
 * Announce an HTTP/2 body without `Content-Length` as one of HTTP/1.1. Frames delimit it (RFC 9113 §8.1), but body
 * parsers of Express ignore it.
 */
const announceUnsizedBody: RequestHandler = ({ httpVersionMajor, headers }, _res, next) => {
  const isUnsized = httpVersionMajor > 1 && headers['content-length'] === undefined;
  if (isUnsized && headers['content-type'] !== undefined) headers['transfer-encoding'] = 'chunked';
  next();
};

/**
 * Reject bodies of other media types. Pass requests without a body: a later middleware names the missing parameter.
 */
const rejectOtherMediaTypes: RequestHandler = (req, _res, next) => {
  if (MEDIA_TYPES.includes(mediaTypeOf(req) ?? '') || !hasContent(req)) return next();
  return next(new InvalidRequestError('The body must be form-encoded or JSON', { status: 415 }));
};

/** Whether the request announces a body (RFC 9112 §6), or an adapter has received one. */
function hasContent({ headers, body }: Request): boolean {
  if (headers['transfer-encoding'] !== undefined || (isUnparsed(body) && body.length > 0)) return true;
  return Number(headers['content-length'] ?? 0) !== 0;
}

const readStream = express.raw({ type: MEDIA_TYPES, limit: BODY_LIMIT, inflate: false });

/** Read the body, unless an adapter or a middleware of the application has received it. */
const readBody: RequestHandler = (req, res, next) => {
  if (isUnparsed(req.body)) next();
  else readStream(req, res, next);
};

/** Reject bodies that `readBody` cannot read: too large, truncated or compressed. */
const rejectUnreadableBodies: ErrorRequestHandler = (failure, _req, _res, next) => {
  if (failure instanceof PassportJweError) return next(failure);
  const status = failure?.status === 413 || failure?.status === 415 ? failure.status : 400;
  return next(new InvalidRequestError('The body cannot be read', { status, cause: failure }));
};

const parseParameters: RequestHandler = (req, _res, next) => {
  parametersSlot.fill(req, parseBody(req));
  next();
};

/** Middleware for the start of an endpoint that reads parameters from the body. */
export const receiveParameters: Endpoint = [
  announceUnsizedBody,
  rejectOtherMediaTypes,
  readBody,
  rejectUnreadableBodies,
  parseParameters,
];
