import type { NumericDate } from '../base/clock.js';
import { nameOf, textOfName } from '../stores/family-index.js';
import type { FamilyName, FamilyState, FamilyStore, StoredFamily } from '../stores/family-store.js';

/** Interval between sweeps while successors are waiting. */
export const SWEEP_SECONDS = 5;

/** Maximum number of waiting successors. The next write of its family erases any further successor. */
const MAX_WAITING = 50_000;

/** Number of successors that are erased concurrently. */
const BATCH = 100;

/** After this many failures, the successor stays until the next write of its family. */
const MAX_TRIES = 12;

export interface SuccessorEraserParts {
  readonly store: FamilyStore;
  /** Whether a token that was consumed at this time still yields its successor. */
  readonly isInGrace: (consumedAt: NumericDate) => boolean;
}

/** Erases sealed successors after the grace window. */
export interface SuccessorEraser {
  /** @param consumedAt time at which this process consumed a token of the family */
  schedule(family: StoredFamily, consumedAt: NumericDate): void;
}

interface Waiting {
  readonly family: FamilyName;
  readonly consumedAt: NumericDate;
  readonly triesLeft: number;
}

/** Creates one sweeper for all families. It does not keep the process alive. A later sweep retries failures. */
export function createSuccessorEraser({ store, isInGrace }: SuccessorEraserParts): SuccessorEraser {
  const waiting = new Map<string, Waiting>();
  let isArmed = false;

  const arm = (): void => {
    if (isArmed || waiting.size === 0) return;
    isArmed = true;
    setTimeout(() => void sweep(), SWEEP_SECONDS * 1000).unref();
  };

  /** Changes nothing if the family was used again in the meantime: it then waits for that use. */
  const settle = (entry: Waiting, next?: Waiting): void => {
    const name = textOfName(entry.family);
    if (waiting.get(name) !== entry) return;
    waiting.delete(name);
    if (next !== undefined && next.triesLeft > 0) waiting.set(name, next);
  };

  /** @returns `false` to retry: another step came first, or another instance used the family again */
  const erase = async (name: FamilyName): Promise<boolean> => {
    const family = await store.find(name);
    const parent = family?.state.parent;
    if (family === undefined || parent?.sealedSuccessor === undefined) return true;
    if (isInGrace(parent.consumedAt)) return false;
    return store.replace({ ...family, state: withoutSuccessor(family.state) });
  };

  /** @returns whether the store answered */
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

/** The state without the sealed successor. The digest of the consumed token stays, to detect its reuse. */
export function withoutSuccessor(state: FamilyState): FamilyState {
  if (state.parent === undefined) return state;
  const { digest, requestedScope, consumedAt } = state.parent;
  return { ...state, parent: { digest, requestedScope, consumedAt } };
}
