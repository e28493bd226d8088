import type { NumericDate } from '../base/clock.js';
import { nameOf, textOfName } from '../stores/family-index.js';
import type { FamilyName, FamilyState, FamilyStore, StoredFamily } from '../stores/family-store.js';

/** Interval between sweeps in seconds, while erasures are pending. */
export const SWEEP_SECONDS = 5;

/** Maximum number of pending erasures. Above this limit, a successor is erased only by the next write to its family. */
const MAX_WAITING = 50_000;

/** Maximum number of concurrent erasures. */
const BATCH = 100;

/** Maximum number of attempts per erasure. Afterwards, a successor is erased only by the next write to its family. */
const MAX_TRIES = 12;

export interface SuccessorEraserParts {
  readonly store: FamilyStore;
  /** Whether a token consumed at this time is within the grace window. */
  readonly isInGrace: (consumedAt: NumericDate) => boolean;
}

/** Erases sealed successors when their grace window has ended. */
export interface SuccessorEraser {
  /**
   * Schedule the erasure of the successor in a family.
   *
   * @param consumedAt time at which this process consumed a token of the family
   */
  schedule(family: StoredFamily, consumedAt: NumericDate): void;
}

interface Waiting {
  readonly family: FamilyName;
  readonly consumedAt: NumericDate;
  readonly triesLeft: number;
}

/**
 * Create an eraser for all families. A later sweep retries failed erasures. The timer does not keep the process alive.
 */
export function createSuccessorEraser({ store, isInGrace }: SuccessorEraserParts): SuccessorEraser {
  const waiting = new Map<string, Waiting>();
  let isArmed = false;

  const arm = (): void => {
    if (isArmed || waiting.size === 0) return;
    isArmed = true;
    setTimeout(() => void sweep(), SWEEP_SECONDS * 1000).unref();
  };

  /**
   * Remove an entry, or replace it with `next`. Does nothing if a later use of the family has rescheduled the
   * erasure.
   */
  const settle = (entry: Waiting, next?: Waiting): void => {
    const name = textOfName(entry.family);
    if (waiting.get(name) !== entry) return;
    waiting.delete(name);
    if (next !== undefined && next.triesLeft > 0) waiting.set(name, next);
  };

  /**
   * Erase the successor in a family.
   *
   * @returns `false` to retry: a concurrent update won, or a different instance used the family again
   */
  const erase = async (name: FamilyName): Promise<boolean> => {
    const family = await store.find(name);
    const parent = family?.state.parent;
    if (family === undefined || parent?.sealedSuccessor === undefined) return true;
    if (isInGrace(parent.consumedAt)) return false;
    return store.replace({ ...family, state: withoutSuccessor(family.state) });
  };

  /**
   * Attempt one erasure.
   *
   * @returns `false` if the store is unavailable
   */
  const attempt = async (entry: Waiting): Promise<boolean> => {
    const retry = { ...entry, triesLeft: entry.triesLeft - 1 };
    try {
      const isDone = await erase(entry.family);
      settle(entry, isDone ? undefined : retry);
      return true;
    } catch {
      settle(entry, retry);
      return false;
    }
  };

  const sweep = async (): Promise<void> => {
    const due = [...waiting.values()].filter(({ consumedAt }) => !isInGrace(consumedAt));
    for (let from = 0; from < due.length; from += BATCH) {
      const answers = await Promise.all(due.slice(from, from + BATCH).map(attempt));
      if (!answers.some((isAnswered) => isAnswered)) break;
    }
    isArmed = false;
    arm();
  };

  return {
    schedule(family, consumedAt) {
      const name = nameOf(family);
      const text = textOfName(name);
      if (!waiting.has(text) && waiting.size >= MAX_WAITING) return;
      waiting.set(text, { family: name, consumedAt, triesLeft: MAX_TRIES });
      arm();
    },
  };
}

/**
 * Remove the sealed successor from a state. The digest of the consumed token remains, to detect reuse of the token.
 */
export function withoutSuccessor(state: FamilyState): FamilyState {
  if (state.parent === undefined) return state;
  const { digest, requestedScope, consumedAt } = state.parent;
  return { ...state, parent: { digest, requestedScope, consumedAt } };
}
