import { assertPositiveInteger } from '../base/options.js';
import type { CounterStore } from './counter-store.js';
import type { FamilyStore } from './family-store.js';
import type { LimitStore } from './limit-store.js';
import type { RevocationStore } from './revocation-store.js';

/** The stores of a driver. */
export interface Stores {
  readonly revocations: RevocationStore;
  readonly families: FamilyStore;
  readonly counters: CounterStore;
  readonly limits: LimitStore;
  /** Whether the stores can answer now. For readiness probes. */
  isReady(): boolean;
  /** Closes files and connections. The stores must not be used afterwards. */
  close(): Promise<void>;
}

/** Bounds that every driver accepts. */
export interface StoreBounds {
  /**
   * Maximum number of revocations. Beyond that, ends of sessions and revocations of single tokens are folded into wider
   * ones; a further revocation is rejected only if nothing can be folded.
   *
   * @default 1 000 000
   */
  readonly maxRevocations?: number;
  /**
   * Maximum number of ended sessions and revoked single tokens per API key. Beyond that, the oldest are folded into a
   * cut-off for the access tokens of a subject, or of the API key; none is rejected.
   *
   * @default 10 000
   */
  readonly maxRevocationsPerClient?: number;
}

/** @throws TypeError if a bound is not a positive integer. */
export function resolveBounds(options: StoreBounds, where: string): Required<StoreBounds> {
  const { maxRevocations = 1_000_000, maxRevocationsPerClient = 10_000 } = options;
  assertPositiveInteger(maxRevocations, where, 'maxRevocations', 1_000_000);
  assertPositiveInteger(maxRevocationsPerClient, where, 'maxRevocationsPerClient', 10_000);
  return { maxRevocations, maxRevocationsPerClient };
}
