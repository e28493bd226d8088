import { type Clock, forwardOnly, type NumericDate, settledBound } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { assertReplayUse, type ReplayStore, type ReplayUse, type ReplayVerdict } from '../replay-store.js';

/** Maximum number of recorded proofs. A full store rejects new proofs and forgets no unexpired proof. */
const MAX_PROOFS = 1_000_000;

/** A replay store that never waits. */
export interface MemoryReplayStore extends ReplayStore {
  use(use: ReplayUse): ReplayVerdict;
}

/** Proofs that were recorded between two rotations. */
interface ProofWindow {
  readonly digests: Set<string>;
  /** Number of proofs, keyed by the thumbprint of their key. */
  readonly counts: Map<string, number>;
  /** Start of the window, on a clock that never goes back. */
  readonly openedAt: number;
  /** Time of the next rotation, on the same clock. The window lasts as long as the longest lifetime of its proofs. */
  endsAt: number;
  /** Latest expiry of the proofs. */
  expiresAt: NumericDate;
}

/**
 * Create a replay store in the memory of one process. It takes about 100 bytes per proof, and 100 bytes per key.
 *
 * Proofs are recorded in the newest window, which counts the quotas. When it ends, a new window opens. A window is
 * forgotten as a whole once all its proofs have expired. There are two windows, or more after the clock was set back.
 */
export function memoryReplayStore(clock: Clock, maxProofs = MAX_PROOFS): MemoryReplayStore {
  const elapsed = forwardOnly(clock);
  const forgettableUntil = settledBound(clock);
  /** Newest first. */
  let windows: readonly ProofWindow[] = [];

  const forgetExpired = (lifetimeSeconds: number): void => {
    const until = forgettableUntil(lifetimeSeconds);
    const isKept = ({ expiresAt }: ProofWindow): boolean => expiresAt > until;
    if (!windows.every(isKept)) windows = windows.filter(isKept);
  };
  const currentWindow = (): ProofWindow => {
    const now = elapsed();
    const [newest] = windows;
    if (newest !== undefined && now < newest.endsAt) return newest;
    const opened = {
      digests: new Set<string>(),
      counts: new Map(),
      openedAt: now,
      endsAt: now,
      expiresAt: 0,
    };
    windows = [opened, ...windows];
    return opened;
  };
  const isKnown = (digest: string): boolean => windows.some(({ digests }) => digests.has(digest));
  const isFull = (): boolean => windows.reduce((sum, { digests }) => sum + digests.size, 0) >= maxProofs;

  return {
    use(use) {
      assertReplayUse(use);
      const { digest, jkt, quota, expiresAt } = use;
      const lifetimeSeconds = expiresAt - clock();
      if (lifetimeSeconds <= 0) return 'repeated';
      forgetExpired(lifetimeSeconds);
      if (isKnown(digest)) return 'repeated';
      const window = currentWindow();
      const count = window.counts.get(jkt) ?? 0;
      if (count >= quota) return 'over_quota';
      if (isFull()) throw full(maxProofs);
      window.digests.add(digest);
      window.counts.set(jkt, count + 1);
      window.endsAt = Math.max(window.endsAt, window.openedAt + lifetimeSeconds);
      window.expiresAt = Math.max(window.expiresAt, expiresAt);
      return 'first';
    },
  };
}

function full(maxProofs: number): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({
    cause: new Error(
      `The in-memory replay store is full (${maxProofs} proofs): use Redis or LMDB stores, or a shorter maximum age`,
    ),
  });
}
