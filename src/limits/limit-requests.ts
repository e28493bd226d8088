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
  /** `createLimits({ stores, apiKeys })`. */
  readonly limits: Limits;
  /**
   * Returns the number of model tokens to reserve, for example an estimate from the parsed body. The handler settles
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
 * Middleware that counts requests against the limits of their API key and user. Mount it behind `authenticate()` or
 * Passport. Beyond a limit it answers 429 with `Retry-After`, `RateLimit` and `RateLimit-Policy`. An admitted request
 * holds its slot until it is settled, its response finishes or its connection closes.
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
  assertMethod(limits, 'admit', 'limitRequests: limits must be Limits: createLimits({ stores })');

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
    // Deferred, so that handlers that settle when the response finishes run first.
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
 * Returns the admission of this request, to settle it with the actual usage. If the handler does not settle it, the
 * reservation counts as the usage.
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
