import express, { type ErrorRequestHandler, type Request, type RequestHandler } from 'express';
import { InvalidRequestError, PassportJweError } from '../../base/errors.js';
import { hasDuplicateMembers } from '../../base/has-duplicate-members.js';
import { isJsonObject } from '../../base/json.js';
import { type Parameters, parseForm } from '../../http/read-parameter.js';
import { createRequestSlot } from '../../http/request-slot.js';
import type { Endpoint } from './endpoint.js';

const BODY_LIMIT = '16kb';
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

const parametersSlot = createRequestSlot<Parameters>();

/** Return the parameters of a request, after `receiveParameters` has run. */
export function parametersOf(req: Request): Parameters {
  return parametersSlot.get(req);
}

/**
 * Reject bodies of other media types. Pass requests without a body: a later middleware names the missing parameter.
 */
const rejectOtherMediaTypes: RequestHandler = (req, _res, next) => {
  if (req.is([FORM, JSON_TYPE]) !== false || Number(req.headers['content-length']) === 0) return next();
  return next(new InvalidRequestError('The body must be form-encoded or JSON', { status: 415 }));
};

const readBody = express.text({ type: [FORM, JSON_TYPE], limit: BODY_LIMIT, inflate: false });

/** Reject bodies that `readBody` cannot read: too large, truncated, compressed, or in an unknown charset. */
const rejectUnreadableBodies: ErrorRequestHandler = (failure, _req, _res, next) => {
  if (failure instanceof PassportJweError) return next(failure);
  const status = failure?.status === 413 || failure?.status === 415 ? failure.status : 400;
  return next(new InvalidRequestError('The body cannot be read', { status, cause: failure }));
};

/**
 * Parse a form (RFC 6749 §4.4.2) or a JSON object. Also accepts a body that a body parser of the application has
 * already parsed.
 */
const parseParameters: RequestHandler = (req, _res, next) => {
  const body: unknown = req.body;
  if (typeof body === 'string') {
    parametersSlot.fill(req, req.is(JSON_TYPE) ? parseJson(body) : parseForm(body));
  } else {
    parametersSlot.fill(req, isJsonObject(body) ? toParameters(body) : new Map());
  }
  next();
};

/** Middleware for the start of an endpoint that reads parameters from the body. */
export const receiveParameters: Endpoint = [
  rejectOtherMediaTypes,
  readBody,
  rejectUnreadableBodies,
  parseParameters,
];

/** Parse a JSON object. Reject repeated members, because `JSON.parse` hides all but the last one. */
function parseJson(text: string): Parameters {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new InvalidRequestError('The body is not valid JSON');
  }
  if (!isJsonObject(parsed)) throw new InvalidRequestError('The body must be a JSON object');
  if (hasDuplicateMembers(text)) throw new InvalidRequestError('The body repeats a parameter');
  return new Map(Object.entries(parsed).map(([name, value]) => [name, [value]]));
}

/** Convert a parsed body to parameters. Body parsers return repeated form parameters as an array. */
function toParameters(body: object): Parameters {
  return new Map(Object.entries(body).map(([name, value]) => [name, Array.isArray(value) ? value : [value]]));
}
