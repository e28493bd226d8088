import { isPromise } from 'node:util/types';
import type { Request } from 'express';
import type { VerifiedToken } from '../token/claims/verified-token.js';

/** Passport's callback: an error, or a user (anything falsy: there is none) and optional info for `req.authInfo`. */
export type VerifyDone = (error: unknown, user?: unknown, info?: unknown) => void;

/** Finds the user that a token speaks for: declares `done` and calls it, or returns a promise of the user. */
export type VerifyFunction = (token: VerifiedToken, done: VerifyDone) => unknown;

/** The same with `passReqToCallback`. */
export type VerifyFunctionWithRequest = (req: Request, token: VerifiedToken, done: VerifyDone) => unknown;

/** A user, and what goes into `req.authInfo`. */
export interface FoundUser {
  readonly user: unknown;
  readonly info: unknown;
}

/** @returns `undefined` where there is no such user. */
export type UserFinder = (req: Request, token: VerifiedToken) => Promise<FoundUser | undefined>;

/** The user where nobody is asked for one. */
export function claimsAsUser(token: VerifiedToken): FoundUser {
  return { user: token.claims, info: token };
}

/** Brings every convention of Passport into one form. @returns `undefined` where there is no verify function. */
export function resolveVerify(
  verify: VerifyFunction | VerifyFunctionWithRequest | undefined,
  passReqToCallback: boolean,
): UserFinder | undefined {
  if (verify === undefined) return undefined;
  if (typeof verify !== 'function') throw new TypeError('The verify callback must be a function');
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
 * Settles once, whichever comes first: the callback, a user by promise, or an exception. A function that
 * declares `done` and yields nothing is waited for by `done`, even where it is `async` and ended earlier.
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
