import type { Request } from 'express';
import { AccessDeniedError, InvalidRequestError } from '../base/errors.js';
import { guard } from '../http/guard.js';
import type { Middleware } from '../http/middleware.js';
import { allowsEndpoint, allowsFunctions, allowsModel } from '../token/claims/allowances.js';
import { isNormalPath } from '../token/claims/endpoint-pattern.js';

/**
 * Guard that accepts tokens whose `allowed_models` contain the model of the request. It rejects all others with 403
 * `access_denied`. Tokens of type `function_call` list no models and pass: the application must check the models that are
 * configured for their API key.
 *
 * @param select returns the model name, for example from a parsed body.
 * @throws TypeError if `select` is not a function.
 * @example
 * app.post('/chat', express.json(), authenticate(options), requireModel((req) => req.body.model), chat);
 */
export function requireModel(select: (req: Request) => unknown): Middleware {
  assertSelector(select, 'requireModel');
  return guard('requireModel', (token, _now, req) => {
    if (!allowsModel(token, select(req)))
      throw new AccessDeniedError('The access token does not allow this model');
  });
}

/**
 * Guard that accepts tokens that allow every function of the request. It rejects all others with 403 `access_denied`.
 * Tokens of type `function_call` and `delegation` allow the functions in `allowed_functions`; an absent or empty claim
 * allows none. Tokens of type `tiered_model_exec` allow every function. Other tokens pass only without functions.
 *
 * @param select returns the names of the functions.
 * @throws TypeError if `select` is not a function.
 * @example
 * const functionNames = (req) => (req.body.tools ?? []).map((tool) => tool.function.name);
 * app.post('/chat', express.json(), authenticate(options), requireFunctions(functionNames), chat);
 */
export function requireFunctions(select: (req: Request) => readonly string[]): Middleware {
  assertSelector(select, 'requireFunctions');
  return guard('requireFunctions', (token, _now, req) => {
    if (!allowsFunctions(token, select(req)))
      throw new AccessDeniedError('The access token does not allow one of the functions');
  });
}

/**
 * Guard that accepts tokens whose `allowed_endpoints` contain the method and path of the request. The path is relative to
 * the mount path. All other tokens are rejected with 403 `access_denied`. `*` matches any method, one segment, or, at the
 * end, one or more segments.
 *
 * A path that another server could interpret differently is rejected with 400. It is not normalised (RFC 3986 §6.2.2), is
 * encoded twice, has a segment that begins with `;`, or contains compatibility characters for dots or slashes.
 *
 * @example
 * app.use('/api', authenticate(options), requireEndpoint(), proxy);
 */
export function requireEndpoint(): Middleware {
  return guard('requireEndpoint', (token, _now, { method, url }) => {
    const [path = ''] = url.split('?', 1);
    if (!isNormalPath(path)) throw new InvalidRequestError('The path must be normalised (RFC 3986)');
    if (!allowsEndpoint(token, { method, path })) throw new AccessDeniedError();
  });
}

function assertSelector(select: unknown, name: string): void {
  if (typeof select !== 'function')
    throw new TypeError(`${name}: select must be a function, for example (req) => req.body.model`);
}
