import type { Request } from 'express';
import { AccessDeniedError } from '../base/errors.js';
import { isThenable } from '../base/is-thenable.js';
import { guard } from '../http/guard.js';
import type { Middleware } from '../http/middleware.js';
import type { TokenType } from '../token/claims/token-type-names.js';
import type { NoClaims, VerifiedToken } from '../token/claims/verified-token.js';
import { assertSelector } from './assert-selector.js';

/** @inline */
type ClaimsCheck<Claims extends object = NoClaims> = (
  claims: VerifiedToken<TokenType, Claims>['claims'],
  req: Request,
) => boolean | Promise<boolean>;

/**
 * Guard that accepts tokens by all of their claims, and if needed by the request. It rejects all other tokens with 403
 * `access_denied`. The response does not reveal the reason.
 *
 * The function also receives tokens of trusted issuers, whose `sub` and `client_id` are identities of that issuer. Check
 * `claims.type` or `claims.iss` before you compare an identity. Tokens of trusted issuers have no `type`.
 *
 * @typeParam Claims custom claims of the application. Pass a `claimsSchema` that checks them to `authenticate()`
 * @param accepts function that returns whether a token is accepted, or a promise of that. Any result other than `true` and
 *   `false` is a programming error: the guard passes a TypeError to the error handlers. It also passes on the errors that
 *   the function throws. A `PassportJweError` keeps its status
 * @throws TypeError if `accepts` is not a function
 * @example
 * const ofTenant = requireClaims<{ tenant: string }>((claims, req) => claims.tenant === req.params.tenant);
 * app.get('/tenants/:tenant/invoices', authenticate({ ...options, claimsSchema }), ofTenant, listInvoices);
 */
export function requireClaims<Claims extends object = NoClaims>(accepts: ClaimsCheck<Claims>): Middleware;
export function requireClaims(accepts: ClaimsCheck): Middleware {
  assertSelector(accepts, { guard: 'requireClaims', name: 'accepts', example: EXAMPLE });
  return guard('requireClaims', ({ claims }, _now, req) => {
    const result = accepts(claims, req);
    if (isThenable(result)) return Promise.resolve(result).then(assertAccepted);
    assertAccepted(result);
    return undefined;
  });
}

const EXAMPLE = "(claims) => claims.tenant === 'acme'";

function assertAccepted(result: boolean): void {
  if (result === true) return;
  if (result === false) throw new AccessDeniedError();
  throw new TypeError(
    'requireClaims: accepts must return true or false, or a promise of one: return a comparison, or convert the result with Boolean()',
  );
}
