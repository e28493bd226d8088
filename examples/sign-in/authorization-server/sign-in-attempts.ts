import { createHash } from 'node:crypto';
import type { Stores } from 'passport-jwe/stores';
import { addressBlock } from './address-block.js';

/** Limits the attempts to sign in. All methods reject with `TemporarilyUnavailableError` if the store is unavailable. */
export interface SignInAttempts {
  /** Count an attempt from a client address. Returns `false` if there were too many. */
  countAddress(ip: string): Promise<boolean>;
  /**
   * Count an attempt for a person, from all addresses together. Returns `false` if there were too many.
   *
   * @param account subject of the person, or the name as typed if the directory knows no such person
   */
  countAccount(account: AttemptedAccount): Promise<boolean>;
  /** Forget the attempts of a person who signed in. */
  clear(subject: string): Promise<void>;
}

/** Account of an attempt. Unknown names are throttled too. Otherwise, throttling would reveal which names exist. */
export type AttemptedAccount = { readonly subject: string } | { readonly unknownName: string };

export const WINDOW_SECONDS = 15 * 60;

/**
 * Count attempts before the password is checked, so that parallel attempts are bounded too.
 *
 * @param options.counters counters of a store. Processes that share a store share the limits
 */
export function createSignInAttempts(options: {
  readonly counters: Stores['counters'];
  readonly perPerson: number;
  readonly perAddress: number;
  readonly clock?: () => number;
}): SignInAttempts {
  const { counters, perPerson, perAddress, clock = () => Date.now() / 1000 } = options;
  const count = async (name: string, limit: number): Promise<boolean> => {
    const total = await counters.add({ name, amount: 1, limit, expiresAt: clock() + WINDOW_SECONDS });
    return total !== undefined;
  };
  /** Number of successful sign-ins. Each starts a new counter, because counters cannot be set back. */
  const successes = (subject: string): string => `sign-in:successes:${digest(subject)}`;

  return {
    // A success does not reset this counter. Otherwise, an attacker could reset it with an own account.
    countAddress: (ip) => count(`sign-in:address:${addressBlock(ip)}`, perAddress),
    async countAccount(account) {
      if ('unknownName' in account) {
        const name = account.unknownName.normalize('NFKC').trim().toLowerCase();
        return count(`sign-in:name:${digest(name)}`, perPerson);
      }
      const generation = await counters.read(successes(account.subject));
      return count(`sign-in:person:${digest(account.subject)}:${generation}`, perPerson);
    },
    async clear(subject) {
      // Longer than the counter of the previous generation.
      const expiresAt = clock() + 2 * WINDOW_SECONDS;
      await counters.add({ name: successes(subject), amount: 1, expiresAt });
    },
  };
}

/** Counters have short names, and names of people can be long. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
