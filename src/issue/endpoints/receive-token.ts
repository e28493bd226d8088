import type { Request, RequestHandler } from 'express';
import { InvalidRequestError } from '../../base/errors.js';
import { readParameter } from '../../http/read-parameter.js';
import { createRequestSlot } from '../../http/request-slot.js';
import { parametersOf } from './receive-parameters.js';

const tokenSlot = createRequestSlot<string>();

/** Middleware that reads the parameter `token` of introspection and revocation (RFC 7662 §2.1, RFC 7009 §2.1). */
export const receiveToken: RequestHandler = (req, _res, next) => {
  const token = readParameter(parametersOf(req), 'token');
  if (token === undefined) throw new InvalidRequestError('The parameter token is missing');
  tokenSlot.fill(req, token);
  next();
};

/** Return the parameter `token` of a request, after `receiveToken` has run. */
export function receivedToken(req: Request): string {
  return tokenSlot.get(req);
}
