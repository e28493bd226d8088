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

/** Options of `limitRequests()`. */
export interface LimitRequestsOptions {
  /** Limits to enforce: the result of `createLimits()`. */
  readonly limits: Limits;
  /**
   * Return the number of model tokens to reserve, for example an estimate from the parsed body. Your handler settles
   * with the actual number. If the result is not a number from 0 to 1e12, the error handlers receive a TypeError.
   *
   * @default () => 0
   */
  readonly tokens?: (req: Request) => number;
}

const KNOWN: KnownOptions<LimitRequestsOptions> = { limits: true, tokens: true };

const NOT_LIMITED = 'admissionOf: limitRequests() did not run for this request: mount it before this handler';

const admissionSlot = createRequestSlot<Admission>();

/**
 * Create middleware that enforces the limits of API keys and their users. Mount it after `authenticate()` or Passport.
 *
 * If a limit is exceeded, it responds with 429, `Retry-After`, `RateLimit` and `RateLimit-Policy`. An admitted request
 * holds its slot until the handler settles it, the response finishes or the connection closes.
 *
 * @throws TypeError if an option is missing, unknown or malformed
 *
 * @example
 * const limits = createLimits({ stores, apiKeys });
 * app.use(authenticate(options), limitRequests({ limits, tokens: (req) => req.body?.max_tokens ?? 1000 }));
 */
export function limitRequests(options: LimitRequestsOptions): Middleware {
  assertOptions(options, KNOWN, 'limitRequests');
  const { limits, tokens = () => 0 } = options;
  assertMethod(
    limits,
    'admit',
    'limitRequests: limits must be a Limits object: pass the result of createLimits({ stores })',
  );

  const admit = async (req: Request, res: Response): Promise<void> => {
    const outcome = requestState.read(req)?.outcome;
    if (outcome?.kind === 'refused') throw outcome.error;
    if (outcome?.kind !== 'verified') throw new MissingCredentialsError();
    const estimate = tokens(req);
    if (!isUsage(estimate)) {
      throw new TypeError(
        `limitRequests: tokens must return a number from 0 to ${MAX_USAGE}, for example 1000`,
      );
    }
    const admission = await limits.admit(outcome.token, { tokens: estimate });
    admissionSlot.fill(req, admission);
    res.set(admission.headers);
    // Deferred, because handlers that settle when the response finishes must run first.
    onResponseFinished(res, () => void setImmediate(() => void admission.settle()));
  };

  const handler: RequestHandler = function limitRequest(req, res, next) {
    admit(req, res).then(
      () => next(),
      (failure: unknown) => passFailure({ req, res, next, guard: 'limitRequests' }, failure),
    );
  };
  return handler;
}

/**
 * Return the admission of a request. Settle it with the actual usage. Otherwise, the reservation counts as the usage.
 *
 * @throws TypeError if `limitRequests()` did not run for this request
 *
 * @example
 * app.post('/chat', async (req, res) => {
 *   const { answer, tokens } = await complete(req.body);
 *   await admissionOf(req).settle({ tokens });
 *   res.json(answer);
 * });
 */
export function admissionOf(req: IncomingMessage): Admission {
  const admission = admissionSlot.read(req);
  if (admission === undefined) throw new TypeError(NOT_LIMITED);
  return admission;
}
