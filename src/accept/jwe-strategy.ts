import type { Request } from 'express';
import { InvalidTokenError, PassportJweError } from '../base/errors.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { warnOfFailure } from '../base/warn-of-failure.js';
import { addChallenge } from '../http/answer-failure.js';
import { passError } from '../http/pass-error.js';
import {
  type Acceptance,
  type AuthenticationOutcome,
  challengeFor,
  requestState,
} from '../http/request-state.js';
import { sendNonce } from '../http/send-nonce.js';
import type { ChallengeWriter } from '../http/write-challenge.js';
import type { NoClaims } from '../token/claims/verified-token.js';
import { remedyForOption } from '../verify/remedy-for-option.js';
import { ACCEPT_OPTIONS, type AcceptOptions } from './accept-options.js';
import { type Acceptor, createAcceptor } from './acceptor.js';
import { BaseStrategy } from './base-strategy.js';
import { createSessionCheck, type PassportOptions, type SessionCheck } from './session-check.js';
import {
  claimsAsUser,
  type FoundUser,
  resolveVerify,
  type UserFinder,
  type VerifyFunction,
  type VerifyFunctionWithRequest,
} from './verify-function.js';

/**
 * Options of `JweStrategy`: the tokens to accept, and the integration with Passport.
 *
 * @typeParam Claims custom claims that `claimsSchema` accepts
 */
export interface JweStrategyOptions<Claims extends object = NoClaims> extends AcceptOptions<Claims> {
  /**
   * Strategy name, for `passport.authenticate(name)`.
   *
   * @default 'jwe'
   */
  readonly name?: string;
  /**
   * Whether the verify function receives the request as its first argument.
   *
   * @default false
   */
  readonly passReqToCallback?: boolean;
}

const KNOWN: KnownOptions<JweStrategyOptions<object>> = {
  ...ACCEPT_OPTIONS,
  name: true,
  passReqToCallback: true,
};

/** Methods that report the result of an authentication. Passport adds them to the strategy for each request. */
interface Ends {
  readonly success: (user: unknown, info: unknown) => void;
  readonly fail: (challenge: string | undefined, status: number) => void;
  readonly pass: () => void;
  readonly error: (error: Error) => void;
}

/**
 * Passport strategy for encrypted bearer tokens. The verify function supplies `req.user` and `req.authInfo`. Without a
 * verify function, `req.user` contains the claims, and `req.authInfo` the verified token.
 *
 * For 401, the strategy calls `fail()`: Passport collects the challenge and tries the next strategy. Passport sends
 * challenges only with 401. For 400, 403, 429 and 503, the strategy therefore calls `error()`. Express responds with
 * the `status` and `headers` of the error.
 *
 * @typeParam Claims custom claims of the accepted tokens. Inferred from `claimsSchema`.
 *
 * @example
 * passport.use(new JweStrategy({ keyRing, issuer, audience }));
 * app.use(passport.authenticate('jwe', { session: false }));
 */
export class JweStrategy<Claims extends object = NoClaims> extends BaseStrategy {
  /** Name of the strategy, for `passport.authenticate(name)`. */
  readonly name: string;
  private readonly acceptor: Acceptor;
  private readonly findUser: UserFinder | undefined;
  private readonly checkSession: SessionCheck;

  /**
   * Create the strategy, for `passport.use()`.
   *
   * @param verify function `(token, done)` that finds the user of a token. It calls `done`, or returns a promise. With
   *   `passReqToCallback`, `req` is the first argument. Default: the claims are the user
   * @throws TypeError if an option is missing, unknown or malformed
   */
  constructor(
    options: JweStrategyOptions<Claims> & { readonly passReqToCallback?: false },
    verify?: VerifyFunction<Claims>,
  );
  constructor(
    options: JweStrategyOptions<Claims> & { readonly passReqToCallback: true },
    verify?: VerifyFunctionWithRequest<Claims>,
  );
  // The option types above have no names, because declarations of subclasses can only use exported names.
  constructor(options: JweStrategyOptions<object>, verify?: VerifyFunction | VerifyFunctionWithRequest) {
    super();
    assertOptions(options, KNOWN, 'JweStrategy', remedyForOption);
    this.name = options.name ?? 'jwe';
    this.acceptor = createAcceptor(options, 'JweStrategy');
    this.findUser = resolveVerify(verify, options.passReqToCallback ?? false);
    this.checkSession = createSessionCheck();
  }

  override authenticate(req: Request, options: PassportOptions = {}): void {
    // Bind before the first await. If Passport receives an instance, all requests share these properties.
    const ends: Ends = {
      success: this.success.bind(this),
      fail: this.fail.bind(this),
      pass: this.pass.bind(this),
      error: this.error.bind(this),
    };
    const { acceptor, checkSession } = this;
    const failWithError = options.failWithError ?? false;
    const conclude = (outcome: StrategyOutcome): void => {
      requestState.fill(req, { outcome, acceptor, failWithError });
      if ('nonce' in outcome && outcome.nonce !== undefined) sendNonce(req.res, outcome.nonce);
      if (outcome.kind === 'verified' && options.session !== false) checkSession(options);
      finish(req, () => end(outcome, { req, acceptor }, ends));
    };
    const outcome = decide(req, acceptor, this.findUser);
    if (outcome instanceof Promise) {
      outcome.then(conclude, (fault) => finish(req, () => ends.error(asError(fault))));
    } else {
      conclude(outcome);
    }
  }
}

type StrategyOutcome =
  | (Extract<Acceptance, { kind: 'verified' }> & { readonly found: FoundUser })
  | Exclude<AuthenticationOutcome, { kind: 'verified' }>;

/** Determine the outcome, synchronously if possible. Errors are rejections: this function never throws. */
function decide(
  req: Request,
  acceptor: Acceptor,
  findUser: UserFinder | undefined,
): StrategyOutcome | Promise<StrategyOutcome> {
  try {
    const outcome = acceptor.accept(req);
    const isVerified = !(outcome instanceof Promise) && outcome.kind === 'verified';
    return isVerified && findUser === undefined
      ? { ...outcome, found: claimsAsUser(outcome.token) }
      : decideLater(req, { accepting: outcome, acceptor, findUser });
  } catch (fault) {
    return Promise.reject(fault);
  }
}

interface Parts {
  readonly accepting: AuthenticationOutcome | Promise<AuthenticationOutcome>;
  readonly acceptor: Acceptor;
  readonly findUser: UserFinder | undefined;
}

/** Find the user of an accepted token, or record the rejected request. Reject only for programming errors. */
async function decideLater(req: Request, { accepting, acceptor, findUser }: Parts): Promise<StrategyOutcome> {
  const accepted = await accepting;
  const outcome = accepted.kind === 'verified' ? await findUserOf(req, accepted, findUser) : accepted;
  if (outcome.kind === 'refused') await acceptor.recordRefusal({ req, res: req.res }, outcome.error, outcome);
  return outcome;
}

async function findUserOf(
  req: Request,
  accepted: Extract<Acceptance, { kind: 'verified' }>,
  findUser: UserFinder = async (_req, token) => claimsAsUser(token),
): Promise<StrategyOutcome> {
  try {
    const found = await findUser(req, accepted.token);
    if (found !== undefined) return { ...accepted, found };
    return { ...accepted, kind: 'refused', error: new InvalidTokenError('no_user') };
  } catch (error) {
    if (error instanceof PassportJweError) return { ...accepted, kind: 'refused', error };
    throw error;
  }
}

/** Report an outcome to Passport by calling exactly one method of `ends`, unless `onRejected` has sent a response. */
function end(
  outcome: StrategyOutcome,
  { req, acceptor }: { readonly req: Request; readonly acceptor: Acceptor },
  ends: Ends,
): void {
  if (outcome.kind === 'verified') {
    acceptor.recordAcceptance(req, outcome);
    ends.success(outcome.found.user, outcome.found.info);
  } else if (outcome.kind === 'anonymous') {
    ends.pass();
  } else if (!req.res?.headersSent) {
    reportRefusal(outcome.error, challengeFor({ outcome, acceptor }, acceptor.writeChallenge), ends);
  }
}

function reportRefusal(error: PassportJweError, writeChallenge: ChallengeWriter, ends: Ends): void {
  if (error.status === 401) {
    ends.fail(writeChallenge(error), 401);
  } else {
    addChallenge(error, writeChallenge);
    ends.error(error);
  }
}

/**
 * Run a function that calls application callbacks. Pass an exception to the error handlers, not to the same callback
 * a second time. Frameworks other than Express have no `req.next`, so there the exception becomes a process warning.
 */
function finish(req: Request, run: () => void): void {
  try {
    run();
  } catch (failure) {
    if (req.next === undefined) warnOfCallback(failure);
    else passError(req.next, failure);
  }
}

const warnOfCallback = warnOfFailure('A callback of passport.authenticate() failed', 'PASSPORT_JWE_CALLBACK');

/** Wrap values that are not errors, since a verify function can report any value. */
function asError(error: unknown): Error {
  return error instanceof Error
    ? error
    : new Error(
        'The verify function of JweStrategy failed with a value that is not an Error: throw an Error, or pass one to done()',
        { cause: error },
      );
}
