import type { RequestHandler } from 'express';
import { formatScope } from '../token/claims/scope.js';
import { passFailure } from './answer-failure.js';
import { guard } from './guard.js';
import type { Middleware } from './middleware.js';
import { readUserScope, type ScopeHolder } from './user-scope.js';

/**
 * Create a guard that checks a scope: that of the verified token, or the scope that `scopeFromUser()` has read.
 *
 * @param scopes scope tokens that the guard requires, for the challenge
 * @param check throws a PassportJweError if the scope is not sufficient
 */
export function scopeGuard(
  name: string,
  scopes: readonly string[],
  check: (holder: ScopeHolder) => void,
): Middleware {
  const checkToken = (token: ScopeHolder) => {
    check(token);
    return undefined;
  };
  const guardToken = guard(name, checkToken, formatScope(scopes));
  const handler: RequestHandler = (req, res, next) => {
    const holder = readUserScope(req);
    if (holder === undefined) return guardToken(req, res, next);
    try {
      check(holder);
    } catch (failure) {
      return passFailure({ req, res, next, guard: name }, failure);
    }
    return next();
  };
  return Object.defineProperty(handler, 'name', { value: name });
}
