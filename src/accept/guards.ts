import { AccessDeniedError, InsufficientScopeError, InvalidTokenError } from '../base/errors.js';
import { assertPositiveNumber } from '../base/options.js';
import { guard } from '../http/guard.js';
import type { Middleware } from '../http/middleware.js';
import { assertScope } from '../http/missing-scope.js';
import { scopeGuard } from '../http/scope-guard.js';
import { resolveStrings } from '../token/claims/claims-policy.js';
import { isTokenType, RESERVED_CLAIMS, type TokenType } from '../token/claims/claims-set.js';
import { formatScope, isScopeToken } from '../token/claims/scope.js';

/**
 * Guard that accepts access tokens with every listed scope token. It rejects all other access tokens with 403
 * `insufficient_scope` (RFC 6750 §3.1).
 *
 * @throws TypeError if the list is empty, or a scope token is malformed
 * @example
 * app.get('/reports', authenticate(options), requireScope('read:reports'), listReports);
 */
export function requireScope(...scopes: readonly [string, ...string[]]): Middleware {
  const required = resolveScopes(scopes, 'requireScope');
  return scopeGuard('requireScope', (holder) => assertScope(holder, required));
}

/**
 * Guard that accepts access tokens with at least one listed scope token. It rejects all other access tokens with 403
 * `insufficient_scope` (RFC 6750 §3.1).
 *
 * @throws TypeError if the list is empty, or a scope token is malformed
 * @example
 * app.get('/reports', authenticate(options), requireAnyScope('read:reports', 'admin'), listReports);
 */
export function requireAnyScope(...scopes: readonly [string, ...string[]]): Middleware {
  const sufficient = resolveScopes(scopes, 'requireAnyScope');
  return scopeGuard('requireAnyScope', ({ hasScope }) => {
    if (!sufficient.some(hasScope)) throw new InsufficientScopeError(formatScope(sufficient));
  });
}

/**
 * Guard that accepts tokens for at least one listed audience. It rejects all other tokens with 401 `invalid_token`
 * (RFC 7519 §4.1.3). Use it if `authenticate()` accepts several audiences.
 *
 * @throws TypeError if the list is empty
 * @example
 * app.use('/billing', authenticate(options), requireAudience('https://billing.example.com'), billing);
 */
export function requireAudience(...audiences: readonly [string, ...string[]]): Middleware {
  const accepted = resolveStrings(audiences, 'requireAudience: audiences');
  return guard('requireAudience', ({ claims }) => {
    const present = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
    if (!present.some((audience) => accepted.includes(audience)))
      throw new InvalidTokenError('wrong_audience');
  });
}

/**
 * Guard that accepts tokens of the listed types. It rejects all other tokens with 403 `access_denied`, because a new
 * token would have the same type.
 *
 * @throws TypeError if the list is empty, or a type is unknown
 * @example
 * app.post('/jobs', authenticate(options), requireType('service', 'delegation'), startJob);
 */
export function requireType(...types: readonly [TokenType, ...TokenType[]]): Middleware {
  const accepted: readonly string[] = resolveStrings(types, 'requireType: types');
  if (!accepted.every(isTokenType)) {
    throw new TypeError('requireType: types must be token types, for example "service" or "delegation"');
  }
  return guard('requireType', ({ type }) => {
    if (!accepted.includes(type)) throw new AccessDeniedError();
  });
}

/**
 * Guard that accepts tokens by the value of one claim. It rejects all other tokens with 403 `access_denied`. The
 * response does not name the claim.
 *
 * Reserved claims, such as `sub` and `client_id`, are meaningful only in tokens of home issuers. If `name` is one of
 * them, the guard rejects all tokens of trusted issuers.
 *
 * @param name name of the claim
 * @param expected exact value, or a function that returns whether the value is accepted. The function is called only if
 *   the token has the claim. Default: every value is accepted
 * @throws TypeError if the name is missing, or `expected` is not a string, number, boolean or function
 * @example
 * app.use('/eu', authenticate(options), requireClaim('region', 'eu'), euRouter);
 */
export function requireClaim(
  name: string,
  ...expectation: readonly [expected?: string | number | boolean | ((value: unknown) => boolean)]
): Middleware {
  resolveStrings(name, 'requireClaim: name');
  const [expected] = expectation.length === 0 ? [() => true] : expectation;
  // An explicit `undefined` is a failed lookup in the application. It must not open the route.
  if (!['string', 'number', 'boolean', 'function'].includes(typeof expected)) {
    throw new TypeError(
      'requireClaim: expected must be a string, number, boolean or function, for example "eu"',
    );
  }
  const fits = typeof expected === 'function' ? expected : (value: unknown) => value === expected;
  const isOurs = RESERVED_CLAIMS.has(name) && name !== 'iss' && name !== 'aud';
  return guard('requireClaim', ({ type, claims }) => {
    const isMeant = type !== 'external' || !isOurs;
    const passes = isMeant && Object.hasOwn(claims, name) && fits(claims[name]) === true;
    if (!passes) throw new AccessDeniedError();
  });
}

/**
 * Guard that accepts tokens up to a maximum age, for sensitive operations. It rejects older tokens with 401
 * `invalid_token`, so that the client requests a new token.
 *
 * @param seconds maximum age in seconds, measured from `iat` (RFC 7519 §4.1.6) without clock tolerance
 * @throws TypeError if `seconds` is not a positive number
 * @example
 * app.delete('/account', authenticate(options), requireMaxAge(300), deleteAccount);
 */
export function requireMaxAge(seconds: number): Middleware {
  if (seconds !== Number.POSITIVE_INFINITY) assertPositiveNumber(seconds, 'requireMaxAge', 'seconds', 300);
  return guard('requireMaxAge', ({ claims }, now) => {
    if (now - claims.iat > seconds) throw new InvalidTokenError('too_old');
  });
}

function resolveScopes(scopes: readonly string[], name: string): readonly string[] {
  const required = resolveStrings(scopes, `${name}: scopes`);
  if (!required.every(isScopeToken)) {
    throw new TypeError(
      `${name}: scopes must be scope tokens (RFC 6749 §3.3): pass each one as a separate argument, for example "read"`,
    );
  }
  return required;
}
