import type { AuditTrail } from '../audit/record.js';
import type { Clock } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { assertNumber, assertOptions, type KnownOptions } from '../base/options.js';
import { createSingleFlight, type SingleFlight } from '../base/single-flight.js';
import type { CounterStore } from '../stores/counter-store.js';
import { requireStore } from '../stores/require-store.js';
import type { Stores } from '../stores/stores.js';

/**
 * Options for counting the messages encrypted under each key.
 *
 * @see NIST SP 800-38D §8.3: with random IVs, AES-GCM is safe for 2^32 messages per key.
 */
export interface KeyUsageOptions {
  /** Stores of a driver; only `counters` is used. Persistent stores preserve the counts across restarts. */
  readonly stores: Pick<Stores, 'counters'>;
  /**
   * Maximum number of messages per key, 1 to 2^32. At the limit, the key no longer encrypts.
   *
   * @default 2^32
   */
  readonly limit?: number;
  /**
   * Share of `limit` at which `key.usage_high` is recorded, 0 to 1.
   *
   * @default 0.5
   */
  readonly warnShare?: number;
  /**
   * Whether the key ring rotates at `warnShare`, if its source is writable.
   *
   * @default true
   */
  readonly rotate?: boolean;
}

const KNOWN: KnownOptions<KeyUsageOptions> = { stores: true, limit: true, warnShare: true, rotate: true };

const MAX_LIMIT = 2 ** 32;

/** Number of messages that a process reserves per store request. A crash loses the unused rest. */
const BATCH = 65_536;

/** Minimum number of reservations per limit. Otherwise, one process could reserve all of a small limit. */
const MIN_BATCHES = 64;

/** Lifetime of a counter in seconds (10 years), longer than the lifetime of any key. */
const COUNTER_SECONDS = 10 * 365 * 86_400;

interface Reserve {
  left: number;
  readonly refill: SingleFlight<[], void>;
  hasWarned: boolean;
}

/**
 * Assert that the option `usage` is valid.
 *
 * @param where the function that takes the option, for error messages.
 * @throws TypeError if an option is missing or invalid.
 */
export function assertKeyUsage(options: KeyUsageOptions, where: string): void {
  assertOptions(options, KNOWN, `${where}: usage`);
  const { stores, limit = MAX_LIMIT, warnShare = 0.5 } = options;
  requireStore(stores, 'counters', where, 'usage.stores');
  assertNumber(limit, where, 'usage.limit', { isInteger: true, from: 1, to: MAX_LIMIT });
  assertNumber(warnShare, where, 'usage.warnShare', { from: 0, to: 1, example: 0.5 });
}

export interface KeyUsageParts extends KeyUsageOptions {
  readonly audit: AuditTrail;
  readonly clock: Clock;
  /** Called once per key, when its usage reaches `warnShare`. */
  readonly onHighUse: () => Promise<void>;
}

/** Counts the messages encrypted under each key. Reserves them in batches to save store requests. */
export class KeyUsage {
  readonly #parts: KeyUsageParts;
  readonly #counters: CounterStore;
  readonly #limit: number;
  readonly #batch: number;
  readonly #reserves = new Map<string, Reserve>();

  constructor(parts: KeyUsageParts) {
    this.#parts = parts;
    this.#counters = parts.stores.counters;
    this.#limit = parts.limit ?? MAX_LIMIT;
    this.#batch = Math.max(1, Math.min(BATCH, Math.floor(this.#limit / MIN_BATCHES)));
  }

  /**
   * Count one message.
   *
   * @returns `undefined` if a reservation covers the message, which is the usual case. Otherwise, a promise to await.
   * @throws TemporarilyUnavailableError (as rejection) if the key has reached its limit, or the store is unavailable.
   */
  claim(kid: string): Promise<void> | undefined {
    const reserve = this.#reserveOf(kid);
    if (reserve.left === 0) return this.#claimLater(reserve);
    reserve.left -= 1;
    // Refills early. If this fails, the first caller with an empty reserve retries and receives the error.
    if (reserve.left < this.#batch / 4) reserve.refill.run().catch(() => undefined);
    return undefined;
  }

  async #claimLater(reserve: Reserve): Promise<void> {
    while (reserve.left === 0) await reserve.refill.run();
    reserve.left -= 1;
  }

  async #reserveBatch(kid: string, reserve: Reserve): Promise<void> {
    const { warnShare = 0.5, audit, clock, onHighUse } = this.#parts;
    const [limit, amount] = [this.#limit, this.#batch];
    const expiresAt = clock() + COUNTER_SECONDS;
    const total = await this.#counters.add({ name: `key-usage:${kid}`, amount, limit, expiresAt });
    if (total === undefined) {
      await audit.record({ type: 'key.exhausted', kid, limit });
      throw new TemporarilyUnavailableError({
        cause: new Error(`Key ${kid} has reached its limit of ${limit} messages: rotate the keys`),
      });
    }
    reserve.left += amount;
    if (total < limit * warnShare || reserve.hasWarned) return;
    reserve.hasWarned = true;
    await audit.record({ type: 'key.usage_high', kid, used: total, limit });
    // Runs in the background. If it fails, the next reservation warns again.
    onHighUse().catch(() => {
      reserve.hasWarned = false;
    });
  }

  #reserveOf(kid: string): Reserve {
    const known = this.#reserves.get(kid);
    if (known !== undefined) return known;
    const refill = createSingleFlight(() => this.#reserveBatch(kid, reserve));
    const reserve: Reserve = { left: 0, refill, hasWarned: false };
    this.#reserves.set(kid, reserve);
    return reserve;
  }
}
