import { type Clock, forwardOnly, type NumericDate, settledBound } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { assertReplayUse, type ReplayStore, type ReplayUse, type ReplayVerdict } from '../replay-store.js';

/** Maximum number of recorded proofs, including expired ones of the previous window. */
const MAX_PROOFS = 1_000_000;

/** Proofs that were recorded between two rotations. */
interface ProofWindow {
  readonly digests: Set<string>;
  /** Number of proofs, keyed by the thumbprint of their key. */
  readonly counts: Map<string, number>;
  readonly openedAt: number;
  /** Time of the next rotation: the window lasts as long as its longest-lived proof. */
  endsAt: number;
  /** Latest expiry of the proofs. */
  expiresAt: NumericDate;
}

/** A replay store that never waits. */
export interface MemoryReplayStore extends ReplayStore {
  use(use: ReplayUse): ReplayVerdict;
}

/**
 * Create a replay store in the memory of one process.
 *
 * Two windows rotate: a window is forgotten as a whole once its proofs have expired. While a clock that was set back
 * makes proofs outlast their window, there are more.
 */
export function memoryReplayStore(clock: Clock): MemoryReplayStore {
  const elapsed = forwardOnly(clock);
  const forgettableUntil = settledBound(clock);
  /** Newest first. */
  let windows: readonly ProofWindow[] = [];

  const forgetExpired = (): void => {
    const until = forgettableUntil();
    if (windows.some(({ expiresAt }) => expiresAt <= until)) {
      windows = windows.filter(({ expiresAt }) => expiresAt > until);
    }
  };
  const currentWindow = (now: number): ProofWindow => {
    const [newest] = windows;
    if (newest !== undefined && now < newest.endsAt) return newest;
    const opened = openWindow(now);
    windows = [opened, ...windows];
    return opened;
  };
  const isFull = (): boolean => windows.reduce((sum, { digests }) => sum + digests.size, 0) >= MAX_PROOFS;

  return {
    use(use) {
      assertReplayUse(use);
      const { digest, jkt, quota, expiresAt } = use;
      forgetExpired();
      if (windows.some(({ digests }) => digests.has(digest))) return 'repeated';
      const window = currentWindow(elapsed());
      const count = window.counts.get(jkt) ?? 0;
      if (count >= quota) return 'over_quota';
      if (isFull()) throw full();
      window.digests.add(digest);
      window.counts.set(jkt, count + 1);
      window.endsAt = Math.max(window.endsAt, window.openedAt + expiresAt - clock());
      window.expiresAt = Math.max(window.expiresAt, expiresAt);
      return 'first';
    },
  };
}

function openWindow(now: number): ProofWindow {
  return { digests: new Set(), counts: new Map(), openedAt: now, endsAt: now, expiresAt: 0 };
}

function full(): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({
    cause: new Error(
      `The in-memory replay store is full (${MAX_PROOFS} proofs): use Redis or LMDB stores, or a shorter maximum age`,
    ),
  });
}
