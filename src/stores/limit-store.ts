import {
  assertNumber,
  assertPositiveInteger,
  assertPositiveNumber,
  type NumberRange,
} from '../base/options.js';
/**
 * A rate that refills steadily, with room for all of it at once (the generic cell rate algorithm, GCRA, of ITU-T
 * I.371): what is spent comes back over `windowSeconds`, so that no window however placed sees more than `quota` and
 * what was refilled meanwhile.
 */
export interface Rate {
  /** Up to 100 characters; the same in every step on this bucket. */
  readonly name: string;
  /** Units per window, a positive integer. */
  readonly quota: number;
  readonly windowSeconds: number;
  /** Units that the admission spends; 0 only looks. More than the quota counts as all of it. */
  readonly cost: number;
}

/** What one admission is held against. */
export interface Bucket {
  /** Up to 200 characters, well-formed. */
  readonly name: string;
  readonly rates: readonly Rate[];
  /** Most admissions that are not settled yet. Default: any number. */
  readonly concurrency?: number;
  /** The bucket is one of several, of which so many may be in use at a time. Default: it is not counted. */
  readonly group?: { readonly name: string; readonly maxMembers: number };
}

/** One admission to several buckets: to all of them or to none. */
export interface AdmissionStep {
  /** Unique among the admissions that are not settled. */
  readonly id: string;
  readonly buckets: readonly Bucket[];
  /** How long it counts as running where nobody renews it, so that a process which crashed frees what it held. */
  readonly leaseSeconds: number;
}

/** What is left of one rate. */
export interface RateState {
  readonly bucket: string;
  readonly name: string;
  readonly quota: number;
  readonly windowSeconds: number;
  /** Whole units; negative while what was used beyond it is being paid off. */
  readonly remaining: number;
}

/** What stood against an admission. */
export type Refusal = {
  readonly bucket: string;
  /** Name of the rate, or which other bound it was. */
  readonly limit: string;
  readonly kind: 'rate' | 'concurrency' | 'group';
  /** Until it may go well. */
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
 * Counts what runs and what was spent. Every method rejects with TemporarilyUnavailableError where the store is out of
 * reach; an admission may then count or not, and ends by its lease.
 */
export interface LimitStore {
  /** Spends from every bucket and begins a lease, in one step; or spends nothing where one of them refuses. */
  admit(step: AdmissionStep): Promise<AdmissionAnswer>;
  /** Puts off the end of the lease. `false` where it has ended: its place may be taken. */
  renew(step: AdmissionStep): Promise<boolean>;
  /**
   * Ends the lease, and puts what was really used in the place of what was reserved: less is given back, more becomes
   * debt. Once an admission: a second time does nothing.
   * @param used units by name of the rate; what is not named was used as reserved.
   * @returns whether it was the first time.
   * @throws TypeError (as rejection) for usage that is not a number from 0 to `MAX_USAGE`; nothing has changed then.
   */
  settle(step: AdmissionStep, used: Readonly<Record<string, number>>): Promise<boolean>;
}

/** Milliseconds that spending one unit takes to come back. */
export function emissionIntervalMs({ windowSeconds, quota }: Pick<Rate, 'windowSeconds' | 'quota'>): number {
  return (windowSeconds * 1000) / quota;
}

/** A member of a group counts until all that it may spend could have come back. */
export function memberSeconds({ rates }: Bucket): number {
  return Math.max(60, ...rates.map(({ windowSeconds }) => windowSeconds));
}

/** Sums of fractions are off by less than this. */
export const TOLERANCE_MS = 0.001;

/** How long a reservation is known beyond its lease: a process that renews late still settles once. */
export const SETTLEMENT_SECONDS = 3600;

/** Most units that one admission can settle with: more than any request uses, and little enough to count exactly. */
export const MAX_USAGE = 1e12;

export const USAGE_RANGE: NumberRange = { from: 0, to: MAX_USAGE };

/** Whether it can be counted. NaN, infinite and negative usage would corrupt a bucket for good. */
export function isUsage(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_USAGE;
}

/** @throws TypeError for usage that cannot be counted: a mistake of the caller, never of a request. */
export function assertUsage(used: Readonly<Record<string, number>>): void {
  for (const [name, units] of Object.entries(used)) {
    if (units !== undefined) assertNumber(units, 'LimitStore.settle', `used.${name}`, USAGE_RANGE);
  }
}

/** @throws TypeError for a step that makes no sense: a mistake of the caller, never of a request. */
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
