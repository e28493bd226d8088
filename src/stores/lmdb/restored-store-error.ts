/**
 * Evidence of a reset: the store is older than its generation file, or the generation file is missing.
 *
 * @inline
 */
export type Regression = 'older' | 'unmarked';

/**
 * Error for a store that was reset to an earlier state. Tokens revoked since that state would be accepted again.
 *
 * `openLmdbStores` rejects with this error, so it has no HTTP status. If an open store is reset, the error is the
 * `cause` of a `TemporarilyUnavailableError`.
 *
 * @example
 * if (error instanceof RestoredStoreError) console.error(error.message);
 */
export class RestoredStoreError extends Error {
  /** Error code, which never changes within a major version. */
  readonly code = 'ERR_STORE_RESTORED';

  constructor(store: string, file: string, regression: Regression) {
    super(
      `The store ${store} was restored from a backup, or moved: ${
        regression === 'older'
          ? `its generation file ${file} has later transactions`
          : `its generation file ${file} is missing`
      }. Later revocations and uses of refresh tokens are lost, so the store was not opened. ` +
        'If you moved the store, move its generation file too, or set generationFile. ' +
        'If you restored a backup, accept it: ' +
        `run "passport-jwe store accept-restore --store ${store}", or open the store with acceptRestore: true. ` +
        'All tokens issued until then are rejected, and all refresh-token families end.',
    );
    this.name = 'RestoredStoreError';
  }
}
