import type { Request } from 'express';
import { InvalidTokenError, PassportJweError } from '../base/errors.js';
import { assertOptions, type KnownOptions } from '../base/options.js';
import { addChallenge } from '../http/answer-failure.js';
import type { Acceptance } from '../http/request-state.js';
import { requestState } from '../http/request-state.js';
import { ACCEPT_OPTIONS, type AcceptOptions, type Acceptor, createAcceptor } from './acceptor.js';
import { BaseStrategy } from './base-strategy.js';
import {
  claimsAsUser,
  type FoundUser,
  resolveVerify,
  type UserFinder,
  type VerifyFunction,
  type VerifyFunctionWithRequest,
} from './verify-function.js';

export interface JweStrategyOptions extends AcceptOptions {
  /** Name under which Passport knows the strategy. Default `jwe`. */
  readonly name?: string;
  /** Whether the verify function gets the request as its first argument. Default false. */
  readonly passReqToCallback?: boolean;
}

type WithRequest = JweStrategyOptions & { readonly passReqToCallback: true };
type WithoutRequest = JweStrategyOptions & { readonly passReqToCallback?: false };

const KNOWN: KnownOptions<JweStrategyOptions> = { ...ACCEPT_OPTIONS, name: true, passReqToCallback: true };

/** The three ends that an authentication can come to; Passport adds them to the strategy for each request. */
interface Ends {
  readonly success: (user: unknown, info: unknown) => void;
  readonly fail: (challenge: string | undefined, status: number) => void;
  readonly error: (error: Error) => void;
}

/**
 * Passport strategy for encrypted bearer tokens. `req.user` is what the verify function finds, or the claims
 * set where there is none; `req.authInfo` is its `info`, or the verified token.
 *
 * A 401 ends in `fail`, so that the next strategy may try; Passport collects the challenges. Passport writes
 * a challenge on 401 alone, hence 400, 403, 429 and 503 end in `error`, with `status` and `headers` that the
 * final handler of Express honours.
 */
export class JweStrategy extends BaseStrategy {
  readonly name: string;
  private readonly acceptor: Acceptor;
  private readonly findUser: UserFinder | undefined;

  /**
   * @param verify finds the user that a token speaks for, in Passport's conventions: `(token, done)`, or
   *   `(token)` returning a promise; with `passReqToCallback` behind `req`. Default: the claims set is the user.
   * @throws TypeError for an option that is missing or makes no sense.
   */
  constructor(options: WithoutRequest, verify?: VerifyFunction);
  constructor(options: WithRequest, verify?: VerifyFunctionWithRequest);
  constructor(options: JweStrategyOptions, verify?: VerifyFunction | VerifyFunctionWithRequest) {
    super();
    assertOptions(options, KNOWN, 'JweStrategy');
    this.name = options.name ?? 'jwe';
    this.acceptor = createAcceptor(options);
    this.findUser = resolveVerify(verify, options.passReqToCallback ?? false);
  }

  override authenticate(req: Request, options: { readonly failWithError?: boolean } = {}): void {
    // Taken before anything waits: where an instance is passed to Passport, all requests share these properties.
    const ends: Ends = {
      success: this.success.bind(this),
      fail: this.fail.bind(this),
      error: this.error.bind(this),
    };
    const { acceptor } = this;
    const failWithError = options.failWithError ?? false;
    const conclude = (outcome: StrategyOutcome): void => {
      requestState.fill(req, { outcome, acceptor, failWithError });
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
  | Extract<Acceptance, { kind: 'refused' }>;

/** Returns no promise where the token is verified without one, and is itself the user. Never throws. */
function decide(
  req: Request,
  acceptor: Acceptor,
  findUser: UserFinder | undefined,
): StrategyOutcome | Promise<StrategyOutcome> {
  try {
    const acceptance = acceptor.accept(req);
    const isVerified = !(acceptance instanceof Promise) && acceptance.kind === 'verified';
    if (!isVerified || findUser !== undefined)
      return decideByPromise(req, { acceptance, acceptor, findUser });
    return { ...acceptance, found: claimsAsUser(acceptance.token) };
  } catch (fault) {
    return Promise.reject(fault);
  }
}

interface Parts {
  readonly acceptance: Acceptance | Promise<Acceptance>;
  readonly acceptor: Acceptor;
  readonly findUser: UserFinder | undefined;
}

/** Decides, and puts a refusal on record. Rejects only for a fault of the program, verify function included. */
async function decideByPromise(req: Request, parts: Parts): Promise<StrategyOutcome> {
  const outcome = await findUserOf(req, await parts.acceptance, parts.findUser);
  if (outcome.kind === 'refused') await parts.acceptor.recordRefusal(req, outcome.error, outcome);
  return outcome;
}

async function findUserOf(
  req: Request,
  acceptance: Acceptance,
  findUser: UserFinder | undefined,
): Promise<StrategyOutcome> {
  if (acceptance.kind === 'refused') return acceptance;
  const { token, presented } = acceptance;
  if (findUser === undefined) return { ...acceptance, found: claimsAsUser(token) };
  try {
    const found = await findUser(req, token);
    if (found === undefined)
      return { kind: 'refused', error: new InvalidTokenError('no_user'), token, presented };
    return { ...acceptance, found };
  } catch (error) {
    if (error instanceof PassportJweError) return { kind: 'refused', error, token, presented };
    throw error;
  }
}

/** Exactly one of the three. */
function end(
  outcome: StrategyOutcome,
  { req, acceptor }: { readonly req: Request; readonly acceptor: Acceptor },
  ends: Ends,
): void {
  if (outcome.kind === 'verified') {
    acceptor.recordAcceptance(req, outcome);
    ends.success(outcome.found.user, outcome.found.info);
  } else if (outcome.error.status === 401) {
    ends.fail(acceptor.writeChallenge(outcome.error), 401);
  } else {
    addChallenge(outcome.error, acceptor.writeChallenge);
    ends.error(outcome.error);
  }
}

/**
 * What the application throws out of a callback that it gave to Passport goes to its error handlers, as it
 * would from a strategy that waits for nothing, and not back into that callback.
 */
function finish(req: Request, run: () => void): void {
  try {
    run();
  } catch (error) {
    if (req.next === undefined) throw error;
    req.next(error);
  }
}

/** A verify function may report anything. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('The verify function failed', { cause: error });
}
