import { isPromise } from 'node:util/types';
import type { Request } from 'express';
import type { TokenType } from '../token/claims/claims-set.js';
import type { NoClaims, VerifiedToken } from '../token/claims/verified-token.js';

/**
 * Passport callback for an error, or for a user and optional `info` (`req.authInfo`). A falsy `user` rejects the token.
 */
export type VerifyDone = (error: unknown, user?: unknown, info?: unknown) => void;

/**
 * Function that finds the user of a token. It calls `done`, or omits this parameter and returns a promise of the user.
 *
 * @typeParam Claims custom claims of the accepted tokens
 */
export type VerifyFunction<Claims extends object = NoClaims> = (
  token: VerifiedToken<TokenType, Claims>,
  done: VerifyDone,
) => unknown;

/** Variant of `VerifyFunction` for `passReqToCallback: true`, with the request as the first argument. */
export type VerifyFunctionWithRequest<Claims extends object = NoClaims> = (
  req: Request,
  token: VerifiedToken<TokenType, Claims>,
  done: VerifyDone,
) => unknown;

/** Values of `req.user` and `req.authInfo`. */
export interface FoundUser {
  readonly user: unknown;
  readonly info: unknown;
}

/**
 * Finds the user of a token.
 *
 * @returns `undefined` if the token has no user
 */
export type UserFinder = (req: Request, token: VerifiedToken) => Promise<FoundUser | undefined>;

/** Return the claims as the user and the token as `info`, for strategies without a verify function. */
export function claimsAsUser(token: VerifiedToken): FoundUser {
  return { user: token.claims, info: token };
}

/**
 * Convert a verify function with any of the Passport signatures.
 *
 * @returns `undefined` without a verify function
 * @throws TypeError if `verify` is not a function
 */
export function resolveVerify(
  verify: VerifyFunction | VerifyFunctionWithRequest | undefined,
  passReqToCallback: boolean,
): UserFinder | undefined {
  if (verify === undefined) return undefined;
  if (typeof verify !== 'function')
    throw new TypeError(
      'JweStrategy: verify must be a function, for example (token, done) => done(null, user)',
    );
  if (takesRequest(verify, passReqToCallback)) {
    return (req, token) => settleVerify((done) => verify(req, token, done), verify.length > 2, token);
  }
  return (_req, token) => settleVerify((done) => verify(token, done), verify.length > 1, token);
}

function takesRequest(
  _verify: VerifyFunction | VerifyFunctionWithRequest,
  passReqToCallback: boolean,
): _verify is VerifyFunctionWithRequest {
  return passReqToCallback;
}

/**
 * Call a verify function and settle with the first result: a call of `done`, a resolved promise or an exception. If
 * the function declares `done`, a promise of `undefined` is not a result.
 */
function settleVerify(
  call: (done: VerifyDone) => unknown,
  declaresDone: boolean,
  token: VerifiedToken,
): Promise<FoundUser | undefined> {
  return new Promise((resolve, reject) => {
    const settle: VerifyDone = (error, user, info) => {
      if (error) reject(error);
      else resolve(user ? { user, info: info ?? token } : undefined);
    };
    const returned = call(settle);
    if (declaresDone && !isPromise(returned)) return;
    Promise.resolve(returned).then((user) => {
      if (!declaresDone || user !== undefined) settle(undefined, user);
    }, reject);
  });
}
