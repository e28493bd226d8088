/** Failed sign-ins of one user from one client address. */
interface Failures {
  count: number;
  readonly until: number;
}

const MAX_FAILURES = 5;
const WINDOW_MS = 15 * 60 * 1000;

/** Above this number, the oldest entry is dropped. */
const MAX_ENTRIES = 10_000;

/**
 * Counts failed sign-ins by user and client address, so that an attacker elsewhere cannot lock out a user. Count before
 * the password is checked: parallel guesses are then bounded too. Several processes need a shared store instead.
 */
export function createFailedSignIns() {
  const failures = new Map<string, Failures>();

  return {
    /** Count an attempt. Returns the seconds to wait if there were too many, or else `undefined`. */
    count(user: string, address: string): number | undefined {
      const now = Date.now();
      const name = JSON.stringify([user, address]);
      const known = failures.get(name);
      const current = known !== undefined && known.until > now ? known : { count: 0, until: now + WINDOW_MS };
      if (current.count >= MAX_FAILURES) return Math.ceil((current.until - now) / 1000);
      current.count += 1;
      failures.set(name, current);
      const [oldest] = failures.keys();
      if (failures.size > MAX_ENTRIES && oldest !== undefined) failures.delete(oldest);
      return undefined;
    },

    /** Forget the failures of a user who signed in. */
    clear: (user: string, address: string): boolean => failures.delete(JSON.stringify([user, address])),
  };
}
