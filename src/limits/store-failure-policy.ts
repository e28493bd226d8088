/** Behavior while the limit store is unavailable. */
export type StoreFailurePolicy =
  | {
      /** Requests are rejected with 503. */
      readonly kind: 'deny';
    }
  | {
      /** Each process enforces a fraction of each limit. */
      readonly kind: 'local';
      /** Fraction of each limit per process, greater than 0 and at most 1. Scaled limits are at least 1. */
      readonly share: number;
    }
  | {
      /** Requests are admitted and not counted. */
      readonly kind: 'allow';
    };
