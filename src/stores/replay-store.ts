import type { NumericDate } from '../base/clock.js';
import { assertPositiveInteger } from '../base/options.js';

/** One use of a DPoP proof (RFC 9449 §11.1). */
export interface ReplayUse {
  /** Digest of everything that makes the proof unique: 1 to 43 characters of base64url. */
  readonly digest: string;
  /** Thumbprint of the key whose quota the proof counts towards: 1 to 43 characters of base64url. */
  readonly jkt: string;
  /**
   * Maximum number of unexpired proofs of the key: a positive integer. A driver that counts in windows may store twice
   * as many, but admits at most this number in each window.
   */
  readonly quota: number;
  /** Time from which the proof is rejected as expired. The store may delete it afterwards. */
  readonly expiresAt: NumericDate;
}

/**
 * - `first`: the proof was unknown, and is now recorded.
 * - `repeated`: the proof was used before, or it has expired, so that the store may have deleted it. It does not count
 *   towards the quota.
 * - `over_quota`: the proof is unknown, but its key has reached the quota. Nothing is recorded.
 */
export type ReplayVerdict = 'first' | 'repeated' | 'over_quota';

/**
 * Records used DPoP proofs, so that each is accepted once. The driver determines whether processes share the record, and
 * whether it survives a restart.
 */
export interface ReplayStore {
  /**
   * Record a proof if it is unknown and its key is below the quota, atomically.
   *
   * Record only proofs with a valid signature and a valid token: anything else could fill the store.
   *
   * @returns the verdict, stored as durably as the driver promises. A driver that never waits returns no promise.
   * @throws TemporarilyUnavailableError if the store is full or unavailable. The proof may have been recorded.
   * @throws TypeError if a member of the use is malformed.
   */
  use(use: ReplayUse): ReplayVerdict | Promise<ReplayVerdict>;
}

/**
 * Assert that a use is valid. An invalid use is a bug in the caller, never the effect of a request.
 *
 * @throws TypeError if a member is malformed.
 */
export function assertReplayUse({ digest, jkt, quota, expiresAt }: ReplayUse): void {
  assertPositiveInteger(quota, USE, 'quota', 1000);
  if (!isDigest(digest) || !isDigest(jkt)) {
    throw new TypeError(
      `${USE}: digest and jkt must be 1 to 43 characters of base64url, for example a thumbprint`,
    );
  }
  if (!Number.isFinite(expiresAt)) {
    throw new TypeError(`${USE}: expiresAt must be a number of seconds since 1970, for example iat + 60`);
  }
}

const USE = 'ReplayStore.use';

function isDigest(value: unknown): boolean {
  return typeof value === 'string' && /^[\w-]{1,43}$/.test(value);
}
