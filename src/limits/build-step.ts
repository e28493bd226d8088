import { createHash, randomUUID } from 'node:crypto';
import type { RateLimitState } from '../base/rate-limit-headers.js';
import type { AdmissionAnswer, AdmissionStep, Bucket, Rate } from '../stores/limit-store.js';
import type { Charge } from './resolve-charges.js';

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

/** Names of the rates that count requests. */
export const REQUEST_RATES = ['requests_per_minute', 'requests_per_hour'] as const;

/** Names of the rates that count model tokens. */
export const TOKEN_RATES = ['tokens_per_minute', 'tokens_per_month'] as const;

const RATES = [
  { name: 'requests_per_minute', windowSeconds: MINUTE, unit: 'requests' },
  { name: 'requests_per_hour', windowSeconds: HOUR, unit: 'requests' },
  { name: 'tokens_per_minute', windowSeconds: MINUTE, unit: 'tokens' },
  { name: 'tokens_per_month', windowSeconds: MONTH, unit: 'tokens' },
] as const;

const MAX_NAME_LENGTH = 200;

/** Build the atomic step that charges a request to all its buckets. */
export function buildStep(charges: readonly Charge[], { tokens = 0 }: Cost, terms: StepTerms): AdmissionStep {
  // A token can contain arbitrarily high limits. They are capped at the highest number that stores can count.
  const scale = (limit: number): number =>
    Math.min(Number.MAX_SAFE_INTEGER, Math.max(1, Math.floor(limit * terms.share)));
  const buckets = charges.map(({ bucket, limits, userOf }): Bucket => {
    const rates = RATES.flatMap(({ name, windowSeconds, unit }): Rate[] => {
      const quota = limits[name];
      if (quota === undefined) return [];
      return [{ name, quota: scale(quota), windowSeconds, cost: unit === 'requests' ? 1 : tokens }];
    });
    const { concurrent_requests: concurrency } = limits;
    return {
      name: shorten(bucket),
      rates,
      ...(concurrency === undefined ? {} : { concurrency: scale(concurrency) }),
      ...(userOf === undefined
        ? {}
        : { group: { name: shorten(`users ${userOf}`), maxMembers: terms.maxUsersPerKey } }),
    };
  });
  return { id: randomUUID(), buckets, leaseSeconds: terms.leaseSeconds };
}

/**
 * Build the step that reserves model tokens for an admitted request. It takes no slot, and only reads the rates that
 * count requests.
 */
export function buildReservation(...args: Parameters<typeof buildStep>): AdmissionStep {
  const { buckets, ...step } = buildStep(...args);
  const isOfTokens = ({ name }: Rate): boolean => TOKEN_RATES.some((each) => each === name);
  const free = (rate: Rate): Rate => (isOfTokens(rate) ? rate : { ...rate, cost: 0 });
  return { ...step, buckets: buckets.map(({ name, rates }) => ({ name, rates: rates.map(free) })) };
}

/**
 * Replace a long or malformed name with its digest. Identities in external tokens can have any length and contain lone
 * surrogates.
 */
function shorten(name: string): string {
  if (name.length <= MAX_NAME_LENGTH && name.isWellFormed()) return name;
  return `digest ${createHash('sha256').update(name, 'utf16le').digest('base64url')}`;
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
  const prefixes = new Map(charges.map(({ bucket, prefix }) => [shorten(bucket), prefix]));
  const refusals = answer.kind === 'refused' ? answer.refusals : [];
  return answer.states.map(({ bucket, name, quota, windowSeconds, remaining }) => {
    const unit = RATES.find((rate) => rate.name === name)?.unit;
    const refusal = refusals.find((one) => one.bucket === bucket && one.limit === name);
    return {
      name: `${prefixes.get(bucket) ?? ''}${name}`,
      quota,
      ...(unit === undefined ? {} : { unit }),
      windowSeconds,
      remaining: unit === 'requests' ? Math.min(quota, remaining + refundedRequests) : remaining,
      ...(refusal === undefined ? {} : { resetSeconds: refusal.waitSeconds }),
    };
  });
}

/** Return the names of the exceeded limits. */
export function nameViolated(
  charges: readonly Charge[],
  answer: Extract<AdmissionAnswer, { kind: 'refused' }>,
): readonly string[] {
  const prefixes = new Map(charges.map(({ bucket, prefix }) => [shorten(bucket), prefix]));
  return answer.refusals.map(({ bucket, limit, kind }) => {
    if (kind === 'group') return 'users';
    return `${prefixes.get(bucket) ?? ''}${kind === 'concurrency' ? 'concurrent_requests' : limit}`;
  });
}
