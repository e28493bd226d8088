/** How the store and its generation file compare, if the store must not be opened. */
export type Regression = 'older' | 'unmarked';

/**
 * The store went back to an earlier state: what was revoked since then would be accepted again.
 *
 * It rejects the opening of a store, so it has no HTTP status. In an open store it is the `cause` of a
 * `TemporarilyUnavailableError`.
 */
export class RestoredStoreError extends Error {
  readonly code = 'ERR_STORE_RESTORED';

  constructor(store: string, file: string, regression: Regression) {
    super(
      `The store ${store} was restored from a backup, or moved: ${
        regression === 'older'
          ? `its generation file ${file} knows later transactions`
          : `its generation file ${file} is missing`
      }. Later revocations and uses of refresh tokens are lost, so the store stays closed. ` +
        `If you moved the store, move its generation file too, or set generationFile. If you restored a backup, accept it: ` +
        `run "passport-jwe store accept-restore --store ${store}", or open the store with acceptRestore: true. ` +
        'All tokens issued until then are rejected and all refresh-token families end.',
    );
    this.name = 'RestoredStoreError';
  }
}
