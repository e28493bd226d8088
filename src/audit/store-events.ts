import type { StoreFailureReason } from '../stores/explain-store-failure.js';

/** Audit events of stores and limits. */
export type StoreEvent =
  | {
      /** The limit store is unavailable. Requests are handled according to `onStoreFailure`. */
      readonly type: 'limits.degraded';
      /** Policy that applies: the `kind` of `onStoreFailure`. */
      readonly policy: 'deny' | 'local' | 'allow';
      /** Cause of the failure, by `explainStoreFailure()`. */
      readonly reason: StoreFailureReason;
      /** Remedy for the operator. */
      readonly advice: string;
    }
  | {
      /** The limit store is available again. */
      readonly type: 'limits.restored';
    }
  | {
      /** The revocation store is unavailable. */
      readonly type: 'store.unreachable';
      /** Cause of the failure, by `explainStoreFailure()`. */
      readonly reason: StoreFailureReason;
      /** Remedy for the operator. */
      readonly advice: string;
    }
  | {
      /** The revocation store is available again. */
      readonly type: 'store.reachable';
    }
  | {
      /** The revocation store lost revocations. This process restores them from memory. */
      readonly type: 'store.data_lost';
      /** Whether the store was created anew. If not, it was reset to an earlier state. */
      readonly isNewEpoch: boolean;
      /** Number of revocations that this process restores. */
      readonly restored: number;
    };
