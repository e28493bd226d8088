import type { Request } from 'express';
import { isThenable } from '../base/is-thenable.js';
import { once } from '../base/once.js';
import type { TokenType } from '../token/claims/token-type-names.js';
import type { NoClaims, VerifiedToken } from '../token/claims/verified-token.js';

/**
 * Passport callback for an error, or for a user and optional `info` (`req.authInfo`). A falsy `user` rejects the token.
 */
export type VerifyDone = (error: unknown, user?: unknown, info?: unknown) => void;

/**
 * Function that finds the user of a token. It calls `done`, or returns a promise of the user. The first result counts.
 * Other return values are ignored, as in all strategies of Passport: callback functions return arbitrary values.
 *
 * A promise of `undefined` means that there is no user, and so do 10 s without a result. If the function declares the
 * parameter `done`, it can still call `done` later.
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
  const warnOnce = once(warnOfMissingResult);
  if (takesRequest(verify, passReqToCallback)) {
    return (req, token) =>
      settleVerify((done) => verify(req, token, done), { declaresDone: verify.length > 2, token, warnOnce });
  }
  return (_req, token) =>
    settleVerify((done) => verify(token, done), { declaresDone: verify.length > 1, token, warnOnce });
}

function takesRequest(
  _verify: VerifyFunction | VerifyFunctionWithRequest,
  passReqToCallback: boolean,
): _verify is VerifyFunctionWithRequest {
  return passReqToCallback;
}

/** Time that a function without a promise has to call `done`, in milliseconds. */
const PATIENCE_MS = 10_000;

/**
 * Call a verify function and settle with the first result: a call of `done`, a promise or an exception.
 *
 * Wrappers and default parameters change the `length` of a function. It therefore decides only when a function without a
 * result has found no user: a function that declares `done` can always call it later. Either way, the token is not
 * accepted.
 */
function settleVerify(
  call: (done: VerifyDone) => unknown,
  { declaresDone, token, warnOnce }: Expectation,
): Promise<FoundUser | undefined> {
  return new Promise((resolve, reject) => {
    let isSettled = false;
    let reminder: NodeJS.Timeout | undefined;
    const done: VerifyDone = (error, user, info) => {
      isSettled = true;
      clearTimeout(reminder);
      if (error) reject(error);
      else resolve(user ? { user, info: info ?? token } : undefined);
    };
    const onTimeout = () => {
      warnOnce();
      if (!declaresDone) done(undefined);
    };
    const awaitDone = () => {
      if (!isSettled) reminder = setTimeout(onTimeout, PATIENCE_MS).unref();
    };
    const returned = call(done);
    if (!isThenable(returned)) return awaitDone();
    Promise.resolve(returned).then((user) => {
      if (user === undefined && declaresDone) awaitDone();
      else done(undefined, user);
    }, reject);
  });
}

interface Expectation {
  readonly declaresDone: boolean;
  readonly token: VerifiedToken;
  readonly warnOnce: () => void;
}

function warnOfMissingResult(): void {
  process.emitWarning(
    'A verify function of JweStrategy has no result after 10 s: call done(error, user) on every path, or return a promise of the user',
    { code: 'PASSPORT_JWE_VERIFY' },
  );
}
