import type { NumericDate } from '../base/clock.js';
import { nameOf, textOfName } from '../stores/family-index.js';
import type { FamilyName, FamilyState, FamilyStore, StoredFamily } from '../stores/family-store.js';

/** Time between two sweeps, while successors wait to be erased. */
export const SWEEP_SECONDS = 5;

/** Successors that wait at a time. One that finds no room is erased by the next write of its family. */
const MAX_WAITING = 50_000;

/** Successors that are erased at once. */
const BATCH = 100;

/** After so many failures the next write of the family erases it. */
const MAX_TRIES = 12;

export interface SuccessorEraserParts {
  readonly store: FamilyStore;
  /** Whether a token that was consumed then still yields its successor. */
  readonly isInGrace: (consumedAt: NumericDate) => boolean;
}

/** Erases sealed successors once the grace window is over. */
export interface SuccessorEraser {
  /** @param consumedAt when this process consumed a token of the family. */
  schedule(family: StoredFamily, consumedAt: NumericDate): void;
}

interface Waiting {
  readonly family: FamilyName;
  readonly consumedAt: NumericDate;
  readonly triesLeft: number;
}

/** One sweeper for all families, which keeps no process alive. A failure is retried at a later sweep. */
export function createSuccessorEraser({ store, isInGrace }: SuccessorEraserParts): SuccessorEraser {
  const waiting = new Map<string, Waiting>();
  let isArmed = false;

  const arm = (): void => {
    if (isArmed || waiting.size === 0) return;
    isArmed = true;
    setTimeout(() => void sweep(), SWEEP_SECONDS * 1000).unref();
  };

  /** The family may have been used again meanwhile, and wait for that use. */
  const settle = (entry: Waiting, next?: Waiting): void => {
    const name = textOfName(entry.family);
    if (waiting.get(name) !== entry) return;
    waiting.delete(name);
    if (next !== undefined && next.triesLeft > 0) waiting.set(name, next);
  };

  /** @returns `false` if it is to be retried: another step came first, or an instance used the family again. */
  const erase = async (name: FamilyName): Promise<boolean> => {
    const family = await store.find(name);
    const parent = family?.state.parent;
    if (family === undefined || parent?.sealedSuccessor === undefined) return true;
    if (isInGrace(parent.consumedAt)) return false;
    return store.replace({ ...family, state: withoutSuccessor(family.state) });
  };

  /** @returns whether the store answered. */
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

/** The state without the sealed successor. The digest of the consumed token stays, by which its reuse is detected. */
export function withoutSuccessor(state: FamilyState): FamilyState {
  if (state.parent === undefined) return state;
  const { digest, requestedScope, consumedAt } = state.parent;
  return { ...state, parent: { digest, requestedScope, consumedAt } };
}
