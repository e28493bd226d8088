import {
  assertNumber,
  assertPositiveInteger,
  assertPositiveNumber,
  type NumberRange,
} from '../base/options.js';
/**
 * A rate limit by the generic cell rate algorithm (GCRA, ITU-T I.371). The quota refills continuously over
 * `windowSeconds`, and a burst may spend all of it. Any window admits at most `quota` plus the units refilled within
 * it.
 */
export interface Rate {
  /** Name of the rate: up to 100 characters, the same in every step on this bucket. */
  readonly name: string;
  /** Units per window: a positive integer. */
  readonly quota: number;
  readonly windowSeconds: number;
  /** Units that the admission spends. 0 only reads the state. A cost above the quota counts as the whole quota. */
  readonly cost: number;
}

/** The limits that an admission is checked against. */
export interface Bucket {
  /** Name of the bucket: up to 200 characters, well-formed Unicode. */
  readonly name: string;
  readonly rates: readonly Rate[];
  /** Maximum number of unsettled admissions. Default: no limit. */
  readonly concurrency?: number;
  /** The group of the bucket: at most `maxMembers` of its buckets may be in use at a time. Default: no group. */
  readonly group?: { readonly name: string; readonly maxMembers: number };
}

/** One admission to several buckets: to all or to none. */
export interface AdmissionStep {
  /** Unique among the unsettled admissions. */
  readonly id: string;
  readonly buckets: readonly Bucket[];
  /** Lease duration: after a crash, slots are released when their lease expires. */
  readonly leaseSeconds: number;
}

/** Remaining units of a rate. */
export interface RateState {
  readonly bucket: string;
  readonly name: string;
  readonly quota: number;
  readonly windowSeconds: number;
  /** Whole units. Negative while usage beyond the quota is repaid. */
  readonly remaining: number;
}

/** A limit that rejected an admission. */
export type Refusal = {
  readonly bucket: string;
  /** Name of the rate, or `concurrency` or `group`. */
  readonly limit: string;
  readonly kind: 'rate' | 'concurrency' | 'group';
  /** Seconds until a retry may succeed. */
  readonly waitSeconds: number;
};

export type AdmissionAnswer =
  | { readonly kind: 'admitted'; readonly states: readonly RateState[] }
  | {
      readonly kind: 'refused';
      readonly refusals: readonly Refusal[];
      readonly states: readonly RateState[];
    };

/**
 * Counts concurrent admissions and usage.
 *
 * Every method rejects with `TemporarilyUnavailableError` if the store is unavailable. The admission may have been
 * counted nevertheless; its slot is released when its lease expires.
 */
export interface LimitStore {
  /** Spends from every bucket and starts a lease, atomically. If one bucket rejects the admission, nothing is spent. */
  admit(step: AdmissionStep): Promise<AdmissionAnswer>;
  /** Renews the lease. Resolves with `false` if it has expired: another admission may have taken the slot. */
  renew(step: AdmissionStep): Promise<boolean>;
  /**
   * Ends the lease and replaces the reserved cost by the actual usage: lower usage is returned, higher usage becomes
   * debt. Settling an admission again has no effect.
   * @param used units by name of the rate. For a rate that is absent, the reserved cost applies.
   * @returns whether this call settled the admission.
   * @throws TypeError (as rejection) if usage is not a number from 0 to `MAX_USAGE`; nothing changes then.
   */
  settle(step: AdmissionStep, used: Readonly<Record<string, number>>): Promise<boolean>;
}

/** Refill time of one unit, in milliseconds. */
export function emissionIntervalMs({ windowSeconds, quota }: Pick<Rate, 'windowSeconds' | 'quota'>): number {
  return (windowSeconds * 1000) / quota;
}

/** Returns how long a member counts for its group: until its quotas have refilled, at least 60 seconds. */
export function memberSeconds({ rates }: Bucket): number {
  return Math.max(60, ...rates.map(({ windowSeconds }) => windowSeconds));
}

/** Upper bound of rounding errors in sums of fractions. */
export const TOLERANCE_MS = 0.001;

/** How long a reservation outlives its lease, so that a process that renews late still settles exactly once. */
export const SETTLEMENT_SECONDS = 3600;

/** Maximum usage of one admission: more than any request uses, and small enough to count exactly. */
export const MAX_USAGE = 1e12;

export const USAGE_RANGE: NumberRange = { from: 0, to: MAX_USAGE };

/** Whether usage can be counted. NaN, infinite or negative usage would corrupt a bucket permanently. */
export function isUsage(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_USAGE;
}

/** @throws TypeError if usage cannot be counted. This is a bug in the caller, never caused by a request. */
export function assertUsage(used: Readonly<Record<string, number>>): void {
  for (const [name, units] of Object.entries(used)) {
    if (units !== undefined) assertNumber(units, 'LimitStore.settle', `used.${name}`, USAGE_RANGE);
  }
}

/** @throws TypeError if the step is invalid. This is a bug in the caller, never caused by a request. */
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
