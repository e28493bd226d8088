import { assertPositiveInteger } from '../base/options.js';
import type { CounterStore } from './counter-store.js';
import type { FamilyStore } from './family-store.js';
import type { LimitStore } from './limit-store.js';
import type { ReplayStore } from './replay-store.js';
import type { RevocationStore } from './revocation-store.js';

/** All stores of a driver. */
export interface Stores {
  /** Stores revocations. */
  readonly revocations: RevocationStore;
  /** Stores refresh-token families. */
  readonly families: FamilyStore;
  /** Counts events, for example failed authentications. */
  readonly counters: CounterStore;
  /** Enforces rate limits and concurrency limits. */
  readonly limits: LimitStore;
  /** Detects repeated use of proofs and assertions. */
  readonly replays: ReplayStore;
  /** Whether the stores are available. Use it in readiness probes. */
  isReady(): boolean;
  /** Close all files and connections. Do not use the stores afterwards. */
  close(): Promise<void>;
}

/** Capacity options that every driver accepts. */
export interface StoreBounds {
  /**
   * Maximum number of stored revocations. A full store folds the revocations of ended sessions and single tokens into
   * wider ones. It rejects a new revocation only if nothing can be folded.
   *
   * @default 1_000_000
   */
  readonly maxRevocations?: number;
  /**
   * Maximum number of revocations of ended sessions and single tokens per API key. Above it, the store folds the oldest
   * into a cut-off for the access tokens of a subject or of the API key. It rejects none of them.
   *
   * @default 10_000
   */
  readonly maxRevocationsPerClient?: number;
}

/**
 * Apply the defaults of the capacity options.
 *
 * @param where name of the function that takes the options, for the error message.
 * @throws TypeError if an option is not a positive integer.
 */
export function resolveBounds(options: StoreBounds, where: string): Required<StoreBounds> {
  const { maxRevocations = 1_000_000, maxRevocationsPerClient = 10_000 } = options;
  assertPositiveInteger(maxRevocations, where, 'maxRevocations', 1_000_000);
  assertPositiveInteger(maxRevocationsPerClient, where, 'maxRevocationsPerClient', 10_000);
  return { maxRevocations, maxRevocationsPerClient };
}
