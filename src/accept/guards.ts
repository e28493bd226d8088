import { AccessDeniedError, InsufficientScopeError, InvalidTokenError } from '../base/errors.js';
import { assertPositiveNumber } from '../base/options.js';
import { guard } from '../http/guard.js';
import type { Middleware } from '../http/middleware.js';
import { assertScope } from '../http/missing-scope.js';
import { resolveStrings } from '../token/claims/claims-policy.js';
import { isTokenType, RESERVED_CLAIMS, type TokenType } from '../token/claims/claims-set.js';
import { formatScope, isScopeToken } from '../token/claims/scope.js';

/**
 * Guard that accepts tokens with all of these scope tokens. It rejects all others with 403 `insufficient_scope`
 * (RFC 6750 §3.1).
 *
 * @throws TypeError if there is no scope token, or one is malformed.
 * @example
 * app.get('/reports', authenticate(options), requireScope('read:reports'), listReports);
 */
export function requireScope(...scopes: readonly [string, ...string[]]): Middleware {
  const required = resolveScopes(scopes, 'requireScope');
  return guard('requireScope', (token) => assertScope(token, required));
}

/**
 * Guard that accepts tokens with at least one of these scope tokens. It rejects all others with 403 `insufficient_scope`.
 *
 * @throws TypeError if there is no scope token, or one is malformed.
 * @example
 * app.get('/reports', authenticate(options), requireAnyScope('read:reports', 'admin'), listReports);
 */
export function requireAnyScope(...scopes: readonly [string, ...string[]]): Middleware {
  const sufficient = resolveScopes(scopes, 'requireAnyScope');
  return guard('requireAnyScope', (token) => {
    if (!sufficient.some(token.hasScope)) throw new InsufficientScopeError(formatScope(sufficient));
  });
}

/**
 * Guard that accepts tokens for one of these audiences, for applications whose authentication accepts several. It rejects
 * all others with 401 `invalid_token` (RFC 7519 §4.1.3).
 *
 * @throws TypeError if there is no audience.
 * @example
 * app.use('/billing', authenticate(options), requireAudience('https://billing.example.com'), billing);
 */
export function requireAudience(...audiences: readonly [string, ...string[]]): Middleware {
  const accepted = resolveStrings(audiences, 'requireAudience: audiences');
  return guard('requireAudience', ({ claims }) => {
    const present = typeof claims.aud === 'string' ? [claims.aud] : claims.aud;
    if (!present.some((audience) => accepted.includes(audience))) {
      throw new InvalidTokenError('wrong_audience', undefined, { expected: accepted, found: present });
    }
  });
}

/**
 * Guard that accepts tokens of these types. It rejects all others with 403 `access_denied`, since a new token would have
 * the same type.
 *
 * @throws TypeError if there is no type, or one is unknown.
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
 * Guard that accepts tokens by one claim. It rejects all others with 403 `access_denied`; the response does not name the
 * claim. Claims with a meaning only in tokens of home issuers, such as `sub` or `client_id`, never accept a token of a
 * trusted issuer.
 *
 * @param expected exact value, or a function that returns whether a value is accepted. The function is called only if the
 *   token has the claim. Default: every value is accepted.
 * @throws TypeError if the name is missing, or `expected` is neither a string, a number, a boolean nor a function.
 * @example
 * app.use('/eu', authenticate(options), requireClaim('region', 'eu'), euRouter);
 */
export function requireClaim(
  name: string,
  ...expectation: readonly [expected?: string | number | boolean | ((value: unknown) => boolean)]
): Middleware {
  resolveStrings(name, 'requireClaim: name');
  const [expected] = expectation.length === 0 ? [() => true] : expectation;
  // An explicit undefined means that the application failed to find a value. It must not open the route.
  if (!['string', 'number', 'boolean', 'function'].includes(typeof expected)) {
    throw new TypeError('requireClaim: expected must be a string, a number, a boolean or a function');
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
 * Guard for sensitive operations that accepts tokens up to a maximum age, measured from `iat` without clock tolerance. It
 * rejects older tokens with 401 `invalid_token`, since a new token helps.
 *
 * @param seconds maximum age in seconds.
 * @throws TypeError if `seconds` is not a positive number.
 * @example
 * app.delete('/account', authenticate(options), requireMaxAge(300), deleteAccount);
 */
export function requireMaxAge(seconds: number): Middleware {
  if (seconds !== Number.POSITIVE_INFINITY) assertPositiveNumber(seconds, 'requireMaxAge', 'seconds', 300);
  return guard('requireMaxAge', ({ claims }, now) => {
    const age = now - claims.iat;
    if (age > seconds) {
      const detail = { expected: `at most ${seconds} s`, found: `${Math.ceil(age)} s` };
      throw new InvalidTokenError('too_old', undefined, detail);
    }
  });
}

function resolveScopes(scopes: readonly string[], name: string): readonly string[] {
  const required = resolveStrings(scopes, `${name}: scopes`);
  if (!required.every(isScopeToken)) {
    throw new TypeError(`${name}: pass each scope token (RFC 6749 §3.3) as a separate argument`);
  }
  return required;
}
