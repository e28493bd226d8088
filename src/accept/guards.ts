import { AccessDeniedError, InsufficientScopeError, InvalidTokenError } from '../base/errors.js';
import { assertPositiveNumber } from '../base/options.js';
import { guard } from '../http/guard.js';
import type { Middleware } from '../http/middleware.js';
import { assertScope } from '../http/missing-scope.js';
import { resolveStrings } from '../token/claims/claims-policy.js';
import { isTokenType, RESERVED_CLAIMS, type TokenType } from '../token/claims/claims-set.js';
import { formatScope, isScopeToken } from '../token/claims/scope.js';

/**
 * Lets tokens pass that have all of these scopes; 403 `insufficient_scope` for others (RFC 6750 section 3.1).
 * @throws TypeError for no scope, or a malformed one.
 */
export function requireScope(...scopes: readonly [string, ...string[]]): Middleware {
  const required = resolveScopes(scopes, 'requireScope');
  return guard('requireScope', (token) => assertScope(token, required));
}

/**
 * Lets tokens pass that have at least one of these scopes; 403 `insufficient_scope` for others.
 * @throws TypeError for no scope, or a malformed one.
 */
export function requireAnyScope(...scopes: readonly [string, ...string[]]): Middleware {
  const sufficient = resolveScopes(scopes, 'requireAnyScope');
  return guard('requireAnyScope', (token) => {
    if (!sufficient.some(token.hasScope)) throw new InsufficientScopeError(formatScope(sufficient));
  });
}

/**
 * Lets tokens pass that are for one of these audiences, where authentication accepts several; 401
 * `invalid_token` for others, as they are tokens for somebody else (RFC 7519 section 4.1.3).
 * @throws TypeError for no audience.
 */
export function requireAudience(...audiences: readonly [string, ...string[]]): Middleware {
  const accepted = resolveStrings(audiences, 'requireAudience');
  return guard('requireAudience', ({ claims }) => {
    const present = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
    if (!present.some((audience) => accepted.includes(audience)))
      throw new InvalidTokenError('wrong_audience');
  });
}

/**
 * Lets tokens of these types pass; 403 `access_denied` for others, since a new token would be no different.
 * @throws TypeError for no type.
 */
export function requireType(...types: readonly [TokenType, ...TokenType[]]): Middleware {
  const accepted: readonly string[] = resolveStrings(types, 'requireType');
  if (!accepted.every(isTokenType)) throw new TypeError('requireType was given a type that there is not');
  return guard('requireType', ({ type }) => {
    if (!accepted.includes(type)) throw new AccessDeniedError();
  });
}

/**
 * Lets tokens pass by one claim; 403 `access_denied` for others, without a word on what was expected. A claim that is an
 * identity of ours, such as `sub` or `client_id`, lets no token of a trusted issuer pass: its names are not ours.
 * @param expected the exact value, or a function that decides about the value, which is asked only where the
 *   claim is there. Default: the claim is there.
 * @throws TypeError for a missing name, or a value that no claim can be equal to.
 */
export function requireClaim(
  name: string,
  ...expectation: readonly [expected?: string | number | boolean | ((value: unknown) => boolean)]
): Middleware {
  resolveStrings(name, 'requireClaim');
  const [expected] = expectation.length === 0 ? [() => true] : expectation;
  // An explicit undefined is a value that the application failed to find, and must not open the route.
  if (!['string', 'number', 'boolean', 'function'].includes(typeof expected)) {
    throw new TypeError('requireClaim takes text, a number, a boolean or a function');
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
 * For sensitive operations: lets tokens pass that were issued at most so many seconds ago, to the second and
 * without the tolerance for clocks; 401 `invalid_token` for older ones, since a new token is what helps.
 * @throws TypeError unless it is a positive number.
 */
export function requireMaxAge(seconds: number): Middleware {
  if (seconds !== Number.POSITIVE_INFINITY) assertPositiveNumber(seconds, 'requireMaxAge', 'seconds', 300);
  return guard('requireMaxAge', ({ claims }, now) => {
    if (now - claims.iat > seconds) throw new InvalidTokenError('too_old');
  });
}

function resolveScopes(scopes: readonly string[], name: string): readonly string[] {
  const required = resolveStrings(scopes, name);
  if (!required.every(isScopeToken)) {
    throw new TypeError(`${name} takes scope tokens (RFC 6749 section 3.3), each as an argument of its own`);
  }
  return required;
}
