import { LRUCache } from 'lru-cache';
import type { Clock, NumericDate } from '../../base/clock.js';
import { isStorable } from '../../sessions/end-sessions.js';
import type { FamilyStore } from '../../stores/family-store.js';

/** User of one client. */
export interface ClientUser {
  readonly clientId: string;
  readonly subject: string;
}

/** Decides whether a rejected token request ends the sessions of its user. */
export interface RejectedPeople {
  /** Record that a user receives an access token. */
  noteToken(user: ClientUser): void;
  /**
   * Whether the user may have sessions or access tokens, and none has been ended or looked for in the last minute. Each end is
   * a revocation, and a client can have a limited number of them.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the store is unavailable
   */
  mayHaveTokens(user: ClientUser): Promise<boolean>;
  /** Record that the sessions and access tokens have ended. After a failure, do not call it: the next request must end them. */
  noteEnd(user: ClientUser): void;
}

/** Interval in seconds between two ends of the sessions of one user by token requests. */
const INTERVAL_SECONDS = 60;

const MAX_USERS = 10_000;

export interface RejectedPeopleParts {
  /** Refresh token families. `undefined` if the router has no refresh tokens. */
  readonly families: FamilyStore | undefined;
  readonly clock: Clock;
}

/** Create the memory of users with access tokens and of rejected ones. */
export function createRejectedPeople({ families, clock }: RejectedPeopleParts): RejectedPeople {
  const withTokens = new LRUCache<string, true>({ max: MAX_USERS });
  const settledAt = new LRUCache<string, NumericDate>({ max: MAX_USERS });
  const nameOf = ({ clientId, subject }: ClientUser): string => JSON.stringify([clientId, subject]);

  const hasSession = async ({ clientId, subject }: ClientUser): Promise<boolean> => {
    const group = { kind: 'subject', clientId, subject } as const;
    if (families === undefined || !isStorable(group)) return false;
    return (await families.list(group, { limit: 1 })).families.length > 0;
  };

  const settle = (name: string): void => void settledAt.set(name, clock());

  return {
    noteToken: (user) => void withTokens.set(nameOf(user), true),
    async mayHaveTokens(user) {
      const name = nameOf(user);
      const age = clock() - (settledAt.get(name) ?? Number.NEGATIVE_INFINITY);
      if (age >= 0 && age < INTERVAL_SECONDS) return false;
      const mayHave = withTokens.has(name) || (await hasSession(user));
      if (!mayHave) settle(name);
      return mayHave;
    },
    noteEnd(user) {
      withTokens.delete(nameOf(user));
      settle(nameOf(user));
    },
  };
}
