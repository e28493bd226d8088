import type { Request, RequestHandler } from 'express';
import type { AuditTrail } from '../audit/record.js';
import type { Clock } from '../base/clock.js';
import { RateLimitExceededError } from '../base/errors.js';
import { assertOptions, assertPositiveInteger, type KnownOptions } from '../base/options.js';
import type { ClientRejection } from '../base/rejections.js';
import { InvalidClientError, InvalidGrantError } from '../base/token-endpoint-errors.js';
import { createClientNamer } from '../http/client-address.js';
import { createRequestSlot } from '../http/request-slot.js';
import { createFailureBudget } from '../limits/failure-budget.js';

/** Option `throttle` of `tokenRouter()`: the limit on failed client authentications. */
export interface ThrottleOptions {
  /**
   * Maximum number of failed authentications per client address and minute, in one burst or spread out.
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

/**
 * Whether a rejection can be a guess. Without credentials, there is none, and a certificate cannot be guessed. An
 * assertion is one only if its signature was checked and is wrong. All other faults of an assertion are errors of a
 * client, which must not lock out its network.
 */
function isGuess(reason: ClientRejection): boolean {
  return reason === 'assertion_signature' || !/^(no_credentials|assertion_.*|certificate_.*)$/.test(reason);
}

/** Throttle that rejects all requests from an address with too many failed authentications. */
export interface FailureThrottle {
  /** Middleware that rejects requests from a throttled address before the body is read. */
  readonly rejectThrottled: RequestHandler;
  /**
   * Reserve one failure in the quota of the client address, then verify the credentials. Wrong credentials use up
   * the reserved failure. All other results release it. Concurrent attempts beyond the remaining quota wait.
   *
   * @throws RateLimitExceededError (as rejection) if the quota is used up. The credentials are not verified then
   */
  judge<Result>(req: Request, verify: () => Result | Promise<Result>): Promise<Result>;
}

/**
 * Whether a failure can be a guess: wrong credentials, or a JWT with a wrong signature. The JWT of an unknown workload
 * counts too, because anyone can get JWTs of public issuers, and each one costs a verification.
 */
function isFailedAuthentication(failure: unknown): boolean {
  if (failure instanceof InvalidGrantError) {
    return failure.reason === 'assertion_signature' || failure.reason === 'no_workload';
  }
  return failure instanceof InvalidClientError && isGuess(failure.reason);
}

/**
 * Create a throttle against API key guessing, by client address. Behind a proxy, set `trust proxy` in Express. Each
 * process counts separately.
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

  /** Return the limit key of the client. It is stored in the request, since a closed connection has no address. */
  const nameOf = (req: Request): string => {
    const name = nameSlot.read(req) ?? nameClient(req);
    nameSlot.fill(req, name);
    return name;
  };

  const limitError = (name: string): RateLimitExceededError => {
    const policy = { name: LIMIT, quota, unit: 'requests', windowSeconds: WINDOW_SECONDS };
    const limit = { ...policy, remaining: budget.remaining(name) };
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
        reservation.settle(isFailedAuthentication(failure));
        throw failure;
      }
    },
  };
}
