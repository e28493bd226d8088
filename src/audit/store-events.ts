/** Audit events of revocation stores and limit stores. */
export type StoreEvent =
  | {
      /** The revocation store is unavailable, or available again. */
      readonly type: 'store.unreachable' | 'store.reachable';
    }
  | {
      /** The revocation store lost revocations. This process restores them from memory. */
      readonly type: 'store.data_lost';
      /** Whether the store was created anew. If not, it was reset to an earlier state. */
      readonly isNewEpoch: boolean;
      /** Number of revocations that this process restores. */
      readonly restored: number;
    }
  | {
      /** The limit store is unavailable. Requests are handled according to `onStoreFailure`. */
      readonly type: 'limits.degraded';
      /** Policy that applies: the `kind` of `onStoreFailure`. */
      readonly policy: 'deny' | 'local' | 'allow';
    }
  | {
      /** The limit store is available again. */
      readonly type: 'limits.restored';
    };
