import {
  assertNumber,
  assertPositiveInteger,
  assertPositiveNumber,
  type NumberRange,
} from '../base/options.js';
/**
 * A rate limit, enforced with the generic cell rate algorithm (GCRA, ITU-T I.371). The quota refills continuously over
 * `windowSeconds`, and a burst may spend the whole quota. A window admits at most `quota` units, plus the units that
 * refill during the window.
 */
export interface Rate {
  /** Name of the rate: up to 100 characters. Every step on the bucket must use the same name. */
  readonly name: string;
  /** Units per window: a positive integer. */
  readonly quota: number;
  /** Time in which an empty quota refills completely, in seconds. */
  readonly windowSeconds: number;
  /** Units to spend. A cost of 0 only reads the state. A cost above the quota spends the full quota. */
  readonly cost: number;
}

/** A named set of limits, for example for one client. */
export interface Bucket {
  /** Name of the bucket: up to 200 characters of well-formed Unicode. */
  readonly name: string;
  /** Rate limits of the bucket. */
  readonly rates: readonly Rate[];
  /**
   * Maximum number of concurrent admissions. An admission counts until it is settled.
   *
   * @default undefined (no limit)
   */
  readonly concurrency?: number | undefined;
  /**
   * Group of the bucket. At most `maxMembers` buckets of a group may be in use at the same time.
   *
   * @default undefined (no group)
   */
  readonly group?:
    | {
        /** Name of the group: up to 200 characters of well-formed Unicode. */
        readonly name: string;
        /** Maximum number of buckets in use at the same time: a positive integer. */
        readonly maxMembers: number;
      }
    | undefined;
}

/** Request for admission to one or more buckets. Either all buckets admit it, or none does. */
export interface AdmissionStep {
  /** Admission ID, unique among all unsettled admissions. */
  readonly id: string;
  /** Buckets that must admit the request. */
  readonly buckets: readonly Bucket[];
  /** Lease duration in seconds. After a crash, slots are released when their lease expires. */
  readonly leaseSeconds: number;
}

/** State of a rate limit after an admission or a rejection. */
export interface RateState {
  /** Name of the bucket. */
  readonly bucket: string;
  /** Name of the rate limit. */
  readonly name: string;
  /** Units per window. */
  readonly quota: number;
  /** Length of the window, in seconds. */
  readonly windowSeconds: number;
  /** Remaining whole units. Negative while the bucket repays debt. */
  readonly remaining: number;
}

/** A limit that rejected an admission. */
export type Refusal = {
  /** Name of the bucket. */
  readonly bucket: string;
  /** Name of the rate limit, or `concurrency`, or `group`. */
  readonly limit: string;
  /** Kind of the limit. */
  readonly kind: 'rate' | 'concurrency' | 'group';
  /** Seconds until a retry may succeed. */
  readonly waitSeconds: number;
};

/** Result of `admit`: the state of each rate limit and, after a rejection, the limits that rejected it. */
export type AdmissionAnswer =
  | {
      /** All buckets admitted the request. Its cost is spent, and its lease has started. */
      readonly kind: 'admitted';
      /** State of each rate limit after the admission. */
      readonly states: readonly RateState[];
    }
  | {
      /** At least one bucket rejected the request. No cost is spent. */
      readonly kind: 'refused';
      /** Limits that rejected the request, at least one. */
      readonly refusals: readonly Refusal[];
      /** State of each rate limit. */
      readonly states: readonly RateState[];
    };

/**
 * Enforces rate limits and concurrency limits.
 *
 * Every method rejects with `TemporarilyUnavailableError` if the store is unavailable. If `admit` rejects, the
 * admission may still have been counted. Its slots are released when its lease expires.
 */
export interface LimitStore {
  /**
   * Spend the cost in every bucket and start a lease, atomically. If any bucket rejects the admission, no units are
   * spent.
   *
   * @throws TypeError (as rejection) if a number in the step is out of range.
   */
  admit(step: AdmissionStep): Promise<AdmissionAnswer>;
  /** Renew the lease. Resolve with `false` if the lease has expired, since its slots may be in use again. */
  renew(step: AdmissionStep): Promise<boolean>;
  /**
   * End the lease and replace the reserved cost with the actual usage. Unused units are returned to the quota, and
   * excess usage becomes debt. Settling an admission twice has no effect.
   * @param used actual units, keyed by rate name. A rate without a value is charged the reserved cost.
   * @returns whether this call settled the admission.
   * @throws TypeError (as rejection) if a value is not a number from 0 to 1e12. In that case, nothing changes.
   */
  settle(step: AdmissionStep, used: Readonly<Record<string, number>>): Promise<boolean>;
}

/** Return the refill time of one unit, in milliseconds. */
export function emissionIntervalMs({ windowSeconds, quota }: Pick<Rate, 'windowSeconds' | 'quota'>): number {
  return (windowSeconds * 1000) / quota;
}

/** Return how long a bucket counts as a member of its group, in seconds: its longest window, but at least 60. */
export function memberSeconds({ rates }: Bucket): number {
  return Math.max(60, ...rates.map(({ windowSeconds }) => windowSeconds));
}

/** Tolerance for floating-point rounding errors, in milliseconds. */
export const TOLERANCE_MS = 0.001;

/** Time after the end of a lease during which its admission can still be settled, in seconds. */
export const SETTLEMENT_SECONDS = 3600;

/** Maximum usage of one admission, in units: more than any real request, and small enough for exact sums. */
export const MAX_USAGE = 1e12;

export const USAGE_RANGE: NumberRange = { from: 0, to: MAX_USAGE };

/** Whether a value is valid usage. NaN, infinite or negative usage would corrupt a bucket permanently. */
export function isUsage(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_USAGE;
}

/**
 * Assert that usage is valid. Invalid usage is a bug in the caller, never the effect of a request.
 *
 * @throws TypeError if a value is not a number from 0 to `MAX_USAGE`.
 */
export function assertUsage(used: Readonly<Record<string, number>>): void {
  for (const [name, units] of Object.entries(used)) {
    if (units !== undefined) assertNumber(units, 'LimitStore.settle', `used.${name}`, USAGE_RANGE);
  }
}

/**
 * Assert that an admission step is valid. An invalid step is a bug in the caller, never the effect of a request.
 *
 * @throws TypeError if a lease duration, concurrency limit, quota, window or cost is out of range.
 */
export function assertAdmissionStep({ buckets, leaseSeconds }: AdmissionStep): void {
  assertPositiveNumber(leaseSeconds, ADMIT, 'leaseSeconds', 15);
  for (const { rates, concurrency } of buckets) {
    if (concurrency !== undefined) assertPositiveInteger(concurrency, ADMIT, 'concurrency', 10);
    for (const { quota, windowSeconds, cost } of rates) {
      assertPositiveInteger(quota, ADMIT, 'quota', 60);
      assertPositiveNumber(windowSeconds, ADMIT, 'windowSeconds', 60);
      assertNumber(cost, ADMIT, 'cost', COST_RANGE);
    }
  }
}

const ADMIT = 'LimitStore.admit';
const COST_RANGE: NumberRange = { from: 0 };
