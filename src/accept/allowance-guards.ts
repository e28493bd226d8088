import type { Request } from 'express';
import { AccessDeniedError, InvalidRequestError } from '../base/errors.js';
import { assertFactoryCall } from '../http/assert-factory-call.js';
import { guard } from '../http/guard.js';
import type { Middleware } from '../http/middleware.js';
import { allowsEndpoint, allowsFunctions, allowsModel } from '../token/claims/allowances.js';
import { isNormalPath } from '../token/claims/endpoint-pattern.js';
import { assertSelector } from './assert-selector.js';

/**
 * Guard that accepts tokens whose `allowed_models` contain the requested model. It rejects all other tokens with 403
 * `access_denied`.
 *
 * Tokens of type `function_call` do not list models, so the guard accepts them for any model. Check their models in
 * your application.
 *
 * @param select function that reads the model name from the request, for example from a parsed body
 * @throws TypeError if `select` is not a function
 * @example
 * app.post('/chat', express.json(), authenticate(options), requireModel((req) => req.body.model), chat);
 */
export function requireModel(select: (req: Request) => unknown): Middleware {
  assertSelector(select, { guard: 'requireModel', name: 'select', example: '(req) => req.body.model' });
  return guard('requireModel', (token, _now, req) => {
    if (!allowsModel(token, select(req)))
      throw new AccessDeniedError('The access token does not allow this model');
  });
}

/**
 * Guard that accepts tokens that allow every requested function. It rejects all other tokens with 403 `access_denied`.
 *
 * - `function_call` and `delegation` tokens allow the functions in `allowed_functions`. An absent or empty claim allows
 *   none.
 * - `tiered_model_exec` tokens allow every function.
 * - Tokens of all other types allow no functions.
 *
 * @param select function that reads the names of the requested functions
 * @throws TypeError if `select` is not a function
 * @example
 * const functionNames = ({ body }: Request) => (body.tools ?? []).map((tool: Tool) => tool.function.name);
 * app.post('/chat', express.json(), authenticate(options), requireFunctions(functionNames), chat);
 */
export function requireFunctions(select: (req: Request) => readonly string[]): Middleware {
  assertSelector(select, {
    guard: 'requireFunctions',
    name: 'select',
    example: '(req) => req.body.functions',
  });
  return guard('requireFunctions', (token, _now, req) => {
    if (!allowsFunctions(token, select(req)))
      throw new AccessDeniedError('The access token does not allow every requested function');
  });
}

/**
 * Guard that accepts tokens whose `allowed_endpoints` match the method and path of the request. It rejects all other
 * tokens with 403 `access_denied`. The path is relative to the mount path.
 *
 * In a pattern, `*` matches any method or any single path segment. At the end of the path, `*` matches one or more
 * segments.
 *
 * The guard rejects ambiguous paths with 400 `invalid_request`, since servers can interpret them differently:
 *
 * - paths that are not normalised (RFC 3986 §6.2.2) or are encoded twice
 * - paths with a segment that begins with `;`
 * - paths with Unicode compatibility characters for dots or slashes
 *
 * @throws TypeError if it receives a request, as in `app.use(requireEndpoint)`
 * @example
 * app.use('/api', authenticate(options), requireEndpoint(), proxy);
 */
export function requireEndpoint(...none: readonly never[]): Middleware {
  assertFactoryCall(none, 'requireEndpoint()');
  return guard('requireEndpoint', (token, _now, { method, url }) => {
    const [path = ''] = url.split('?', 1);
    if (!isNormalPath(path)) throw new InvalidRequestError('The path must be normalised (RFC 3986)');
    if (!allowsEndpoint(token, { method, path })) throw new AccessDeniedError();
  });
}
