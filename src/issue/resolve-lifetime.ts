import { toSeconds } from '../base/duration.js';
import type { KeyRing } from '../keys/key-ring.js';

/** Lifetime of a token whose request names none, in seconds. */
const DEFAULT_LIFETIME_SECONDS = 900;

/** Maximum lifetimes, with the option or object that sets each of them. */
export type MaxLifetimes = ReadonlyMap<string, number>;

/** @param where function with the option `maxTokenLifetimeSeconds` */
export function maxLifetimesOf(
  keyRing: KeyRing,
  maxTokenLifetimeSeconds: number,
  where: string,
): MaxLifetimes {
  return new Map([
    ['maxTokenLifetimeSeconds of the key ring', keyRing.maxTokenLifetimeSeconds],
    [`maxTokenLifetimeSeconds of ${where}()`, maxTokenLifetimeSeconds],
  ]);
}

/**
 * Resolve the lifetime of a token to seconds.
 *
 * @returns 15 minutes by default, or the shortest maximum lifetime
 * @throws TypeError if the lifetime is malformed or exceeds a maximum
 */
export function resolveLifetime(lifetime: unknown, maxLifetimes: MaxLifetimes, where: string): number {
  if (lifetime === undefined) return Math.min(DEFAULT_LIFETIME_SECONDS, ...maxLifetimes.values());
  const seconds = toSeconds(lifetime, where, 'lifetime');
  for (const [source, maximum] of maxLifetimes) {
    if (seconds > maximum) {
      throw new TypeError(
        `${where}: lifetime exceeds ${source}, ${maximum} seconds: shorten it, or raise that option`,
      );
    }
  }
  return seconds;
}
