import type { NumericDate } from '../base/clock.js';
import { assertNumber, assertPositiveInteger } from '../base/options.js';

/** One increment of a counter. */
export interface CounterStep {
  /** Name of the counter: up to 200 characters of well-formed Unicode. */
  readonly name: string;
  /** Increment: a positive integer. */
  readonly amount: number;
  /**
   * Maximum total. An increment that would exceed it changes nothing.
   *
   * @default undefined (no limit)
   */
  readonly limit?: number;
  /** Expiry of the counter. The store may delete the counter after the latest expiry of all its increments. */
  readonly expiresAt: NumericDate;
}

/**
 * Stores atomic counters that expire. The driver determines whether processes share a counter, and whether a counter
 * survives a restart.
 *
 * Every method rejects with `TemporarilyUnavailableError` if the store is full or unavailable. If `add` rejects, the
 * increment may still have been counted. A total can therefore be too high, but never too low.
 */
export interface CounterStore {
  /**
   * Increment a counter atomically. An unknown or expired counter starts at 0.
   * @returns the new total, stored as durably as the driver promises, or `undefined` if the total would exceed the
   *   limit. In that case, the counter is unchanged.
   * @throws TypeError (as rejection) if the increment is not a positive integer, or the limit is not an integer.
   */
  add(step: CounterStep): Promise<number | undefined>;
  /** Return the total, or 0 if the counter is unknown or expired. */
  read(name: string): Promise<number>;
}

/**
 * Assert that an increment is valid. An invalid increment is a bug in the caller, never the effect of a request.
 *
 * @throws TypeError if `amount` is not a positive integer, or `limit` is not an integer.
 */
export function assertStep({ amount, limit }: CounterStep): void {
  assertPositiveInteger(amount, 'CounterStore.add', 'amount', 1);
  if (limit !== undefined) assertNumber(limit, 'CounterStore.add', 'limit', { isInteger: true });
}
