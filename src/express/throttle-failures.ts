import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import type { Clock } from '../clock.js';
import { InvalidClientError, RateLimitExceededError } from '../errors.js';
import { addressBlock } from '../limits/address-block.js';
import { assertOptions, type KnownOptions } from '../options.js';
import type { AdmissionStep } from '../stores/limit-store.js';
import { memoryLimitStore } from '../stores/memory/memory-limit-store.js';
import { readIp } from './request-ip.js';

export interface ThrottleOptions {
  /** Failed authentications of clients that one address may have in a minute, all of them at once. Default 30. */
  readonly failuresPerMinute?: number;
}

const KNOWN: KnownOptions<ThrottleOptions> = { failuresPerMinute: true };

const LIMIT = 'failed_authentications';
const WINDOW_SECONDS = 60;

/** Turns an address away while it has failed too often, whatever it sends. */
export interface FailureThrottle {
  readonly turnAway: RequestHandler;
  /** Counts a failure that is on its way to be answered. */
  readonly count: ErrorRequestHandler;
}

/**
 * Throttles those who guess API keys, by address as Express sees it: behind a proxy that needs `trust proxy`. Each
 * process counts by itself.
 * @throws TypeError for an option that makes no sense.
 */
export function throttleFailures(options: ThrottleOptions, clock: Clock): FailureThrottle {
  assertOptions(options, KNOWN, 'throttle');
  const { failuresPerMinute: quota = 30 } = options;
  if (!(Number.isInteger(quota) && quota > 0)) {
    throw new TypeError('throttle.failuresPerMinute must be a positive whole number');
  }
  const store = memoryLimitStore(clock);

  /** @returns how many failures are left. A store without room counts nothing: it must not keep everybody out. */
  const spend = async (req: Request, cost: 0 | 1): Promise<number> => {
    const { ip } = readIp(req);
    if (ip === undefined) return quota;
    const rate = { name: LIMIT, quota, windowSeconds: WINDOW_SECONDS, cost };
    const step: AdmissionStep = {
      id: randomUUID(),
      buckets: [{ name: addressBlock(ip), rates: [rate] }],
      leaseSeconds: WINDOW_SECONDS,
    };
    try {
      const { states } = await store.admit(step);
      await store.settle(step, {});
      return states[0]?.remaining ?? quota;
    } catch {
      return quota;
    }
  };

  return {
    turnAway: (req, _res, next) => {
      spend(req, 0).then((remaining) => {
        if (remaining >= 1) return next();
        const limit = { name: LIMIT, quota, windowSeconds: WINDOW_SECONDS, remaining };
        return next(new RateLimitExceededError(WINDOW_SECONDS / quota, [limit]));
      }, next);
    },
    count: (failure: unknown, req, _res, next) => {
      const isGuess = failure instanceof InvalidClientError && failure.reason !== 'no_credentials';
      if (!isGuess) return next(failure);
      spend(req, 1).then(() => next(failure), next);
    },
  };
}
