import type { Request } from 'express';
import { AccessDeniedError, InvalidRequestError } from '../base/errors.js';
import { guard } from '../http/guard.js';
import type { Middleware } from '../http/middleware.js';
import { allowsEndpoint, allowsFunctions, allowsModel } from '../token/claims/allowances.js';
import { isNormalPath } from '../token/claims/endpoint-pattern.js';

/**
 * Lets tokens pass whose `allowed_models` hold the model that a request names; 403 `access_denied` for others. Tokens of
 * type `function_call` list no models and pass: those of their key's configuration are the application's to look up.
 * @param select the name, from a body that a parser mounted earlier has parsed, for example.
 * @throws TypeError for what is no function.
 */
export function requireModel(select: (req: Request) => unknown): Middleware {
  assertSelector(select, 'requireModel');
  return guard('requireModel', (token, _now, req) => {
    if (!allowsModel(token, select(req))) throw new AccessDeniedError('This model is not open to you');
  });
}

/**
 * Lets tokens pass that allow every function which a request defines: those of type `function_call` and `delegation` by
 * their `allowed_functions`, where absent or empty means none. Those of type `tiered_model_exec` are not limited in
 * this; others pass without functions only. 403 `access_denied` else.
 * @param select the names of the functions.
 * @throws TypeError for what is no function.
 */
export function requireFunctions(select: (req: Request) => readonly string[]): Middleware {
  assertSelector(select, 'requireFunctions');
  return guard('requireFunctions', (token, _now, req) => {
    if (!allowsFunctions(token, select(req))) throw new AccessDeniedError('A function is not open to you');
  });
}

/**
 * Lets tokens pass whose `allowed_endpoints` hold the method and the path of a request, below where this is mounted;
 * 403 `access_denied` for others. `*` stands for any method, for one segment, and at the end for all that is beneath. A
 * path that another server could read differently is rejected with 400: one that is not in its normalised form
 * (RFC 3986 section 6.2.2), is encoded twice, has a segment that begins with `;`, or hides dots or slashes in
 * compatibility characters.
 */
export function requireEndpoint(): Middleware {
  return guard('requireEndpoint', (token, _now, { method, url }) => {
    const [path = ''] = url.split('?', 1);
    if (!isNormalPath(path)) throw new InvalidRequestError('The path is not in its normalised form');
    if (!allowsEndpoint(token, { method, path })) throw new AccessDeniedError();
  });
}

function assertSelector(select: unknown, name: string): void {
  if (typeof select !== 'function') throw new TypeError(`${name} needs a function of the request`);
}
