import { randomUUID } from 'node:crypto';
import type { RateLimitState } from '../base/rate-limit-headers.js';
import type { AdmissionAnswer, AdmissionStep, Bucket, Rate } from '../stores/limit-store.js';
import type { UserLimits } from '../token/claims/rate-limits.js';
import type { Charge } from './resolve-charges.js';
import { shortenName } from './shorten-name.js';

/** Cost of a request, which is reserved at admission. */
export interface Cost {
  /**
   * Number of model tokens to reserve until the actual usage is known, 0 to 1e12.
   *
   * @default 0
   */
  readonly tokens?: number;
}

export interface StepTerms {
  readonly leaseSeconds: number;
  readonly maxUsersPerKey: number;
  /** Fraction of each limit that applies to the step, greater than 0 and at most 1. */
  readonly share: number;
}

const MINUTE = 60;
const HOUR = 3600;
/** 30 days in seconds. */
const MONTH = 2_592_000;

const RATES = [
  { name: 'requests_per_minute', windowSeconds: MINUTE, unit: 'requests' },
  { name: 'requests_per_hour', windowSeconds: HOUR, unit: 'requests' },
  { name: 'tokens_per_minute', windowSeconds: MINUTE, unit: 'tokens' },
  { name: 'tokens_per_month', windowSeconds: MONTH, unit: 'tokens' },
] as const;

type KnownRate = (typeof RATES)[number];

/** Name of a rate. */
export type RateName = KnownRate['name'];

/** Name of a rate that counts model tokens. */
export type TokenRateName = Extract<KnownRate, { unit: 'tokens' }>['name'];

/** Cost of a step in each rate, by the unit of the rate. */
type UnitCosts = Readonly<Record<KnownRate['unit'], number>>;

/** Build the atomic step that charges a request to all its buckets. */
export function buildStep(charges: readonly Charge[], { tokens = 0 }: Cost, terms: StepTerms): AdmissionStep {
  const { leaseSeconds, maxUsersPerKey: maxMembers, share } = terms;
  const buckets = charges.map(({ bucket: name, limits, userOf }): Bucket => {
    const { concurrent_requests: slots } = limits;
    return {
      name,
      rates: ratesOf(limits, { requests: 1, tokens }, share),
      concurrency: slots === undefined ? undefined : scale(slots, share),
      group: userOf === undefined ? undefined : { name: shortenName(`users ${userOf}`), maxMembers },
    };
  });
  return { id: randomUUID(), buckets, leaseSeconds };
}

/**
 * Build the step that reserves model tokens for an admitted request. It takes no slot, and only reads the rates that
 * count requests.
 */
export function buildReservation(
  charges: readonly Charge[],
  { tokens = 0 }: Cost,
  { leaseSeconds, share }: StepTerms,
): AdmissionStep {
  const buckets = charges.map(
    ({ bucket: name, limits }): Bucket => ({ name, rates: ratesOf(limits, { requests: 0, tokens }, share) }),
  );
  return { id: randomUUID(), buckets, leaseSeconds };
}

function ratesOf(limits: UserLimits, costs: UnitCosts, share: number): readonly Rate[] {
  const rates: Rate[] = [];
  for (const { name, windowSeconds, unit } of RATES) {
    const quota = limits[name];
    if (quota !== undefined)
      rates.push({ name, quota: scale(quota, share), windowSeconds, cost: costs[unit] });
  }
  return rates;
}

/** Scale a limit. Tokens can contain arbitrarily high limits, which are capped at the maximum that stores can count. */
function scale(limit: number, share: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.floor(limit * share)));
}

/**
 * Return the state of each limit for the response headers, under the configured name of the limit.
 *
 * @param refundedRequests number of requests that are refunded after the answer
 */
export function describeLimits(
  charges: readonly Charge[],
  answer: AdmissionAnswer,
  refundedRequests = 0,
): readonly RateLimitState[] {
  const refusals = answer.kind === 'refused' ? answer.refusals : [];
  return answer.states.map(({ bucket, name, quota, windowSeconds, remaining }) => {
    const unit = RATES.find((rate) => rate.name === name)?.unit;
    const refusal = refusals.find((one) => one.bucket === bucket && one.limit === name);
    return {
      name: prefixOf(charges, bucket) + name,
      quota,
      unit,
      windowSeconds,
      remaining: unit === 'requests' ? Math.min(quota, remaining + refundedRequests) : remaining,
      resetSeconds: refusal?.waitSeconds,
    };
  });
}

/** Return the names of the exceeded limits. */
export function nameViolated(
  charges: readonly Charge[],
  answer: Extract<AdmissionAnswer, { kind: 'refused' }>,
): readonly string[] {
  return answer.refusals.map(({ bucket, limit, kind }) => {
    if (kind === 'group') return 'users';
    return prefixOf(charges, bucket) + (kind === 'concurrency' ? 'concurrent_requests' : limit);
  });
}

function prefixOf(charges: readonly Charge[], bucket: string): string {
  return charges.find((charge) => charge.bucket === bucket)?.prefix ?? '';
}
