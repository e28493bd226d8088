import type { NumericDate } from '../base/clock.js';
import { assertNumber, assertPositiveInteger } from '../base/options.js';

export interface CounterStep {
  /** Up to 200 characters, well-formed. */
  readonly name: string;
  /** What is added: a positive integer. */
  readonly amount: number;
  /** The total must not pass it. Default: there is no limit. */
  readonly limit?: number;
  /** When the counter may be forgotten; of several steps the latest counts. */
  readonly expiresAt: NumericDate;
}

/**
 * Counts across processes and restarts. Every method rejects with TemporarilyUnavailableError where the store is
 * full or out of reach; a step may then have been counted or not, so the total is never below what was granted.
 */
export interface CounterStore {
  /**
   * Adds to a counter in one atomic step; one that does not exist or has expired counts from 0.
   * @returns the total afterwards, as durable as the driver promises; `undefined` where it would pass the limit, and
   *   nothing was added.
   */
  add(step: CounterStep): Promise<number | undefined>;
  /** The total, 0 where there is none. */
  read(name: string): Promise<number>;
}

/** @throws TypeError for an amount that is not a positive integer: a mistake of the caller, never of a request. */
export function assertStep({ amount, limit }: CounterStep): void {
  assertPositiveInteger(amount, 'CounterStore.add', 'amount', 1);
  if (limit !== undefined) assertNumber(limit, 'CounterStore.add', 'limit', { isInteger: true });
}
