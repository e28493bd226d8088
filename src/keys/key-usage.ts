import type { AuditTrail } from '../audit/record.js';
import type { Clock } from '../base/clock.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import { assertNumber, assertOptions, type KnownOptions } from '../base/options.js';
import { createSingleFlight, type SingleFlight } from '../base/single-flight.js';
import type { CounterStore } from '../stores/counter-store.js';
import { requireStore } from '../stores/require-store.js';
import type { Stores } from '../stores/stores.js';

/** Counts what each key encrypts: AES-GCM with random IVs is safe for 2^32 messages a key (NIST SP 800-38D 8.3). */
export interface KeyUsageOptions {
  /** Stores of a driver, of which `counters` is used, across processes and restarts. */
  readonly stores: Pick<Stores, 'counters'>;
  /** Messages that one key may encrypt; then it encrypts no more. Default and maximum 2^32. */
  readonly limit?: number;
  /** Share of the limit from which on there is a warning, 0 to 1. Default 0.5. */
  readonly warnShare?: number;
  /** Whether the ring rotates by itself at the warning, where its source can be written. Default true. */
  readonly rotate?: boolean;
}

const KNOWN: KnownOptions<KeyUsageOptions> = { stores: true, limit: true, warnShare: true, rotate: true };

const MAX_LIMIT = 2 ** 32;

/** Messages that a process reserves at once, so that the store is asked once in so many. A crash wastes as many. */
const BATCH = 65_536;

/** Of small limits a reservation takes no more than this part. */
const MIN_BATCHES = 64;

/** A counter must not be forgotten while its key encrypts. */
const COUNTER_SECONDS = 10 * 365 * 86_400;

interface Reserve {
  left: number;
  readonly refill: SingleFlight<[], void>;
  hasWarned: boolean;
}

/** @throws TypeError for an option that is missing or makes no sense. */
export function assertKeyUsage(options: KeyUsageOptions, where: string): void {
  assertOptions(options, KNOWN, 'usage');
  const { stores, limit = MAX_LIMIT, warnShare = 0.5 } = options;
  requireStore(stores, 'counters', 'usage');
  assertNumber(limit, where, 'usage.limit', { isInteger: true, from: 1, to: MAX_LIMIT });
  assertNumber(warnShare, where, 'usage.warnShare', { from: 0, to: 1, example: 0.5 });
}

export interface KeyUsageParts extends KeyUsageOptions {
  readonly audit: AuditTrail;
  readonly clock: Clock;
  /** Called once a key, when its use passes the warning. */
  readonly onHighUse: () => Promise<void>;
}

/** Grants the use of keys out of reservations. */
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
   * Counts one message; `undefined` where that took no waiting, which is nearly always.
   * @throws TemporarilyUnavailableError (as rejection) where the key has encrypted its share, or the store cannot say.
   */
  claim(kid: string): Promise<void> | undefined {
    const reserve = this.#reserveOf(kid);
    if (reserve.left === 0) return this.#claimLater(reserve);
    reserve.left -= 1;
    // Ahead of need; should it fail, whoever finds the reserve empty asks again and is told.
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
      throw new TemporarilyUnavailableError({ cause: new Error('The key has encrypted all that it may') });
    }
    reserve.left += amount;
    if (total < limit * warnShare || reserve.hasWarned) return;
    reserve.hasWarned = true;
    await audit.record({ type: 'key.usage_high', kid, used: total, limit });
    // Nobody waits for it; where it fails, the next reservation warns again.
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
