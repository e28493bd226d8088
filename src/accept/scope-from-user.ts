import type { Request, RequestHandler } from 'express';
import { findVerifiedToken } from '../http/find-verified-token.js';
import type { Middleware } from '../http/middleware.js';
import { passError } from '../http/pass-error.js';
import { fillUserScope, hasUser } from '../http/user-scope.js';
import { parseScope } from '../token/claims/scope.js';

/**
 * Middleware that lets `requireScope()` and `requireAnyScope()` accept users that another Passport strategy
 * authenticated. Use it while clients migrate from JWTs to encrypted tokens, after a list of strategies.
 *
 * The scope of an encrypted token takes precedence: `readScope` is called only if `req.user` is set and no encrypted
 * token was verified. All other guards still require an encrypted token.
 *
 * @param readScope function that returns the scope of `req.user`: an array, or a space-separated string. `undefined`
 *   and malformed scopes grant nothing
 * @throws TypeError if `readScope` is not a function
 * @example
 * app.use(passport.authenticate(['jwt', 'jwe'], { session: false }), scopeFromUser((req) => (req.user as MyUser).scope));
 * app.get('/reports', requireScope('read:reports'), listReports);
 */
export function scopeFromUser(
  readScope: (req: Request) => string | readonly string[] | undefined,
): Middleware {
  if (typeof readScope !== 'function') {
    throw new TypeError(
      'scopeFromUser: readScope must be a function that returns the scope of a user, for example (req) => req.user.scope',
    );
  }
  const handler: RequestHandler = function readScopeOfUser(req, _res, next) {
    try {
      if (findVerifiedToken(req) === undefined && hasUser(req)) fillUserScope(req, toScope(readScope(req)));
    } catch (failure) {
      return passError(next, failure);
    }
    next();
  };
  return handler;
}

function toScope(value: unknown): readonly string[] {
  if (value !== undefined && typeof value !== 'string' && !Array.isArray(value)) {
    throw new TypeError(
      'scopeFromUser: readScope must return a string, an array of strings or undefined, for example "read:reports"',
    );
  }
  return parseScope(value) ?? [];
}
