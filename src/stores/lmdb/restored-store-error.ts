/** Why a store must not be opened: it is older than its generation file, or has none. */
export type Regression = 'older' | 'unmarked';

/**
 * The store was reset to an earlier state. Tokens that were revoked since then would be accepted again.
 *
 * `openLmdbStores` rejects with it, so it has no HTTP status. In an open store it is the `cause` of a
 * `TemporarilyUnavailableError`.
 */
export class RestoredStoreError extends Error {
  readonly code = 'ERR_STORE_RESTORED';

  constructor(store: string, file: string, regression: Regression) {
    super(
      `The store ${store} was restored from a backup, or moved: ${
        regression === 'older'
          ? `its generation file ${file} has later transactions`
          : `its generation file ${file} is missing`
      }. Later revocations and uses of refresh tokens are lost, so the store was not opened. ` +
        `If you moved the store, also move its generation file, or set generationFile. If you restored a backup, accept it: ` +
        `run "passport-jwe store accept-restore --store ${store}", or open the store with acceptRestore: true. ` +
        'All tokens issued until then are rejected, and all refresh-token families end.',
    );
    this.name = 'RestoredStoreError';
  }
}
