import type { Request, RequestHandler } from 'express';
import type { AuditTrail } from '../audit/record.js';
import type { Clock } from '../base/clock.js';
import { InvalidClientError, RateLimitExceededError } from '../base/errors.js';
import { assertOptions, assertPositiveInteger, type KnownOptions } from '../base/options.js';
import { createClientNamer } from '../http/client-address.js';
import { createRequestSlot } from '../http/request-slot.js';
import { createFailureBudget } from '../limits/failure-budget.js';

export interface ThrottleOptions {
  /**
   * Failed authentications allowed per client address and minute, in one burst or spread out.
   *
   * @default 30
   */
  readonly failuresPerMinute?: number;
}

const KNOWN: KnownOptions<ThrottleOptions> = { failuresPerMinute: true };

/** Default of `failuresPerMinute`. */
export const DEFAULT_FAILURES_PER_MINUTE = 30;

const LIMIT = 'failed_authentications';
const WINDOW_SECONDS = 60;

/** Rejects every request of an address with too many failed authentications. */
export interface FailureThrottle {
  /** Middleware that rejects such a request before its body is read. */
  readonly rejectThrottled: RequestHandler;
  /**
   * Reserves a failure, then verifies the credentials of a client. The failure counts if the credentials are wrong and
   * is released otherwise. At most as many attempts run concurrently as failures remain; further attempts wait.
   *
   * @throws RateLimitExceededError (as rejection) if no failure remains; the credentials are then not verified
   */
  judge<Result>(req: Request, verify: () => Result | Promise<Result>): Promise<Result>;
}

/**
 * Throttles guesses of API keys by client address. Behind a proxy, set `trust proxy` of Express. Each process counts
 * separately.
 *
 * @throws TypeError if an option is unknown or malformed
 */
export function throttleFailures(
  options: ThrottleOptions,
  { audit, clock }: { readonly audit: AuditTrail; readonly clock: Clock },
): FailureThrottle {
  assertOptions(options, KNOWN, 'tokenRouter: throttle');
  const { failuresPerMinute: quota = DEFAULT_FAILURES_PER_MINUTE } = options;
  assertPositiveInteger(quota, 'tokenRouter', 'throttle.failuresPerMinute', DEFAULT_FAILURES_PER_MINUTE);
  const budget = createFailureBudget({ quota, windowSeconds: WINDOW_SECONDS }, clock);
  const nameClient = createClientNamer(audit);
  const nameSlot = createRequestSlot<string>();

  /** Determined once per request, since a closed connection has no address. */
  const nameOf = (req: Request): string => {
    const name = nameSlot.read(req) ?? nameClient(req);
    nameSlot.fill(req, name);
    return name;
  };

  const limitError = (name: string): RateLimitExceededError => {
    const limit = { name: LIMIT, quota, windowSeconds: WINDOW_SECONDS, remaining: budget.remaining(name) };
    return new RateLimitExceededError(WINDOW_SECONDS / quota, [limit]);
  };

  return {
    rejectThrottled(req, _res, next) {
      const name = nameOf(req);
      next(budget.remaining(name) >= 1 ? undefined : limitError(name));
    },

    async judge(req, verify) {
      const name = nameOf(req);
      const reservation = await budget.reserve(name);
      if (reservation === undefined) throw limitError(name);
      try {
        const result = await verify();
        reservation.settle(false);
        return result;
      } catch (failure) {
        reservation.settle(failure instanceof InvalidClientError && failure.reason !== 'no_credentials');
        throw failure;
      }
    },
  };
}
