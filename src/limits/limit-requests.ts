import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { MissingCredentialsError } from '../base/errors.js';
import { assertMethod, assertOptions, type KnownOptions } from '../base/options.js';
import { passFailure } from '../http/answer-failure.js';
import type { Middleware } from '../http/middleware.js';
import { createRequestSlot } from '../http/request-slot.js';
import { requestState } from '../http/request-state.js';
import { onResponseFinished } from '../http/response-finished.js';
import { isUsage, MAX_USAGE } from '../stores/limit-store.js';
import type { Admission } from './admission.js';
import type { Limits } from './limits.js';

export interface LimitRequestsOptions {
  /** `createLimits({ stores, apiKeys })`. */
  readonly limits: Limits;
  /**
   * Model tokens that the request may use, an estimate from its body for example, which a parser mounted earlier has
   * parsed. They are reserved; the handler settles with the real number. A result that is not a number from 0 to 1e12
   * is a TypeError, passed to the error handlers. Default: 0.
   */
  readonly tokens?: (req: Request) => number;
}

const KNOWN: KnownOptions<LimitRequestsOptions> = { limits: true, tokens: true };

const admissionSlot = createRequestSlot<Admission>();

/**
 * Middleware that counts requests against the limits of their API key and user, behind `authenticate()` or Passport.
 * Beyond a limit it answers 429 with `Retry-After`, `RateLimit` and `RateLimit-Policy`. An admitted request holds its
 * slot until it is settled, its response finishes or its connection closes.
 * @throws TypeError for an option that is missing or makes no sense.
 */
export function limitRequests(options: LimitRequestsOptions): Middleware {
  assertOptions(options, KNOWN, 'limitRequests');
  const { limits, tokens = () => 0 } = options;
  assertMethod(limits, 'admit', 'limits must be Limits: createLimits({ stores })');

  const admit = async (req: Request, res: Response): Promise<void> => {
    const outcome = requestState.read(req)?.outcome;
    if (outcome?.kind === 'refused') throw outcome.error;
    if (outcome?.kind !== 'verified') throw new MissingCredentialsError();
    const estimate = tokens(req);
    if (!isUsage(estimate)) {
      throw new TypeError(`limitRequests: tokens must return a number from 0 to ${MAX_USAGE}`);
    }
    const admission = await limits.admit(outcome.token, { tokens: estimate });
    admissionSlot.fill(req, admission);
    res.set(admission.headers);
    // Handlers that settle when the response finishes come first.
    onResponseFinished(res, () => void setImmediate(() => void admission.settle()));
  };

  const handler: RequestHandler = function limitRequest(req, res, next) {
    admit(req, res).then(
      () => next(),
      (failure: unknown) => passFailure({ req, res, next }, failure),
    );
  };
  return handler;
}

/**
 * What `limitRequests()` admitted this request as, to be settled with what it really used. Where nobody settles, it was
 * used as reserved.
 * @throws TypeError where no `limitRequests()` ran.
 */
export function admissionOf(req: IncomingMessage): Admission {
  const admission = admissionSlot.read(req);
  if (admission === undefined) throw new TypeError('limitRequests() did not run for this request');
  return admission;
}
