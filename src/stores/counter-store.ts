import type { NumericDate } from '../base/clock.js';
import { assertNumber, assertPositiveInteger } from '../base/options.js';

export interface CounterStep {
  /** Name of the counter: up to 200 characters, well-formed Unicode. */
  readonly name: string;
  /** Amount to add: a positive integer. */
  readonly amount: number;
  /** Maximum total. Default: no limit. */
  readonly limit?: number;
  /** When the store may delete the counter. The latest time of all its steps applies. */
  readonly expiresAt: NumericDate;
}

/**
 * Counters that are shared across processes and survive restarts.
 *
 * Every method rejects with `TemporarilyUnavailableError` if the store is full or unavailable. The step may have been
 * counted nevertheless, so a total is never lower than the amount that was granted.
 */
export interface CounterStore {
  /**
   * Adds to a counter atomically. A counter that does not exist or has expired starts at 0.
   * @returns the new total, as durable as the driver promises, or `undefined` if the total would exceed the limit and
   *   nothing was added.
   */
  add(step: CounterStep): Promise<number | undefined>;
  /** Returns the total, or 0 if the counter does not exist. */
  read(name: string): Promise<number>;
}

/**
 * @throws TypeError if the amount is not a positive integer. This is a bug in the caller, never caused by a request.
 */
export function assertStep({ amount, limit }: CounterStep): void {
  assertPositiveInteger(amount, 'CounterStore.add', 'amount', 1);
  if (limit !== undefined) assertNumber(limit, 'CounterStore.add', 'limit', { isInteger: true });
}
