import { isPromise } from 'node:util/types';
import type { Request } from 'express';
import type { TokenType } from '../token/claims/claims-set.js';
import type { NoClaims, VerifiedToken } from '../token/claims/verified-token.js';

/** Callback of Passport. Takes an error, or a user and optional `info` for `req.authInfo`. A falsy user means none. */
export type VerifyDone = (error: unknown, user?: unknown, info?: unknown) => void;

/** Finds the user of a token. Declares `done` and calls it, or returns a promise of the user. */
export type VerifyFunction<Claims extends object = NoClaims> = (
  token: VerifiedToken<TokenType, Claims>,
  done: VerifyDone,
) => unknown;

/** Like `VerifyFunction`, for `passReqToCallback: true`. */
export type VerifyFunctionWithRequest<Claims extends object = NoClaims> = (
  req: Request,
  token: VerifiedToken<TokenType, Claims>,
  done: VerifyDone,
) => unknown;

/** A user, and the value of `req.authInfo`. */
export interface FoundUser {
  readonly user: unknown;
  readonly info: unknown;
}

/** Finds the user of a token. @returns `undefined` if there is none. */
export type UserFinder = (req: Request, token: VerifiedToken) => Promise<FoundUser | undefined>;

/** The user if there is no verify function. */
export function claimsAsUser(token: VerifiedToken): FoundUser {
  return { user: token.claims, info: token };
}

/** Converts a verify function of any Passport convention. @returns `undefined` if there is no verify function. */
export function resolveVerify(
  verify: VerifyFunction | VerifyFunctionWithRequest | undefined,
  passReqToCallback: boolean,
): UserFinder | undefined {
  if (verify === undefined) return undefined;
  if (typeof verify !== 'function')
    throw new TypeError('JweStrategy: verify must be a function, for example (token, done) => ...');
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
 * Settles with the first of the callback, the returned promise and an exception. If a function declares `done` and its
 * promise resolves without a user, only `done` settles the result.
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
