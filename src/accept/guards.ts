import { type Duration, toSeconds } from '../base/duration.js';
import { AccessDeniedError, InsufficientScopeError, InvalidTokenError } from '../base/errors.js';
import { assertFactoryCall } from '../http/assert-factory-call.js';
import { guard } from '../http/guard.js';
import type { Middleware } from '../http/middleware.js';
import { assertScope } from '../http/missing-scope.js';
import { scopeGuard } from '../http/scope-guard.js';
import { RESERVED_CLAIMS } from '../token/claims/claims-set.js';
import { formatScope, isScopeToken } from '../token/claims/scope.js';
import { isTokenType, TOKEN_TYPES, type TokenType } from '../token/claims/token-type-names.js';
import { type ArgumentKind, assertSeparateArguments } from './assert-separate-arguments.js';

/**
 * Guard that accepts access tokens with every listed scope token. It rejects all other access tokens with 403
 * `insufficient_scope` (RFC 6750 §3.1).
 *
 * @throws TypeError if the list is empty, or a scope token is malformed
 * @example
 * app.get('/reports', authenticate(options), requireScope('read:reports'), listReports);
 */
export function requireScope(...scopes: readonly [string, ...string[]]): Middleware {
  assertScopes(scopes, 'requireScope');
  return scopeGuard('requireScope', scopes, (holder) => assertScope(holder, scopes));
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
  assertScopes(scopes, 'requireAnyScope');
  return scopeGuard('requireAnyScope', scopes, ({ hasScope }) => {
    if (!scopes.some(hasScope)) throw new InsufficientScopeError(formatScope(scopes));
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
  assertSeparateArguments(audiences, AUDIENCES);
  return guard('requireAudience', ({ claims }) => {
    const present = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
    if (!present.some((audience) => audiences.includes(audience))) {
      throw new InvalidTokenError('wrong_audience', undefined, { expected: audiences, found: present });
    }
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
  assertSeparateArguments(types, TYPES);
  return guard('requireType', ({ type }) => {
    if (!types.includes(type)) throw new AccessDeniedError();
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
 * @param expectation exact value, or a function that returns whether the value is accepted. The function is called only
 *   if the token has the claim. Default: every value is accepted
 * @throws TypeError if the name is missing, or `expected` is not a string, number, boolean or function
 * @example
 * app.use('/eu', authenticate(options), requireClaim('region', 'eu'), euRouter);
 */
export function requireClaim(
  name: string,
  ...expectation: readonly [expected?: string | number | boolean | ((value: unknown) => boolean)]
): Middleware {
  assertClaimName(name);
  assertOneExpectation(expectation);
  const [expected] = expectation.length === 0 ? [() => true] : expectation;
  assertExpected(expected);
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
 * @param maxAge maximum age, measured from `iat` (RFC 7519 §4.1.6) without clock tolerance: seconds, or a string such as
 *   `'5m'` with the unit `s`, `m`, `h` or `d`
 * @throws TypeError if `maxAge` is not a positive duration
 * @example
 * app.delete('/account', authenticate(options), requireMaxAge('5m'), deleteAccount);
 */
export function requireMaxAge(maxAge: Duration): Middleware {
  assertFactoryCall([maxAge], "requireMaxAge('5m')");
  const seconds = maxAge === Number.POSITIVE_INFINITY ? maxAge : toSeconds(maxAge, 'requireMaxAge', 'maxAge');
  return guard('requireMaxAge', ({ claims }, now) => {
    const age = now - claims.iat;
    if (age > seconds) {
      const detail = { expected: `at most ${seconds} s`, found: `${Math.ceil(age)} s` };
      throw new InvalidTokenError('too_old', undefined, detail);
    }
  });
}

const AUDIENCES: ArgumentKind<string> = {
  ...{ guard: 'requireAudience', noun: 'audience', example: "'https://api.example.com'" },
  shape: 'a non-empty string',
  isValid: (value): value is string => typeof value === 'string' && value !== '',
};

const TYPES: ArgumentKind<TokenType> = {
  ...{ guard: 'requireType', noun: 'token type', example: "'user', 'service'" },
  shape: `one of ${Object.keys(TOKEN_TYPES).join(', ')}`,
  isValid: isTokenType,
};

function assertScopes(scopes: readonly unknown[], guardName: string): void {
  const kind = { guard: guardName, noun: 'scope token', example: "'read', 'write'" };
  const shape = 'a string without spaces (RFC 6749 §3.3) and a separate argument';
  assertSeparateArguments(scopes, { ...kind, shape, isValid: isScopeToken });
}

function assertClaimName(name: unknown): void {
  const example = "requireClaim('tenant', 'acme')";
  assertFactoryCall([name], example);
  if (typeof name === 'string' && name !== '') return;
  throw new TypeError(`requireClaim: name must be a non-empty string, for example ${example}`);
}

function assertOneExpectation(expectation: readonly unknown[]): void {
  if (expectation.length <= 1) return;
  throw new TypeError(
    'requireClaim: pass at most one expected value; for several, write a function such as (role) => ["admin", "editor"].includes(role)',
  );
}

function assertExpected(expected: unknown): void {
  if (['string', 'number', 'boolean', 'function'].includes(typeof expected)) return;
  // An explicit `undefined` is a failed lookup in the application. It must not open the route.
  const remedy =
    expected === undefined
      ? 'set it, or omit it to accept every value'
      : 'for other values, write a function such as (value) => value.includes("admin")';
  throw new TypeError(`requireClaim: expected must be a string, number, boolean or function: ${remedy}`);
}
