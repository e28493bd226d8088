import { mergeEntries, type RevocationEntry } from './revocation-store.js';

/** Maximum number of entries folded in one step, to keep steps short. */
const MAX_FOLDED = 1000;

/** Share of the bound that one step frees, so that not every new entry triggers a step. */
const BATCH_SHARE = 0.1;

/** Maximum number of steps per added entry. A lowered bound is reached over several additions. */
export const MAX_FOLDINGS = 10;

/** An entry that wider entries can replace. */
export type FoldableEntry = RevocationEntry & Required<Pick<RevocationEntry, 'fold'>>;

/** The entries to remove, and the wider entries that replace them. */
export interface Folding {
  readonly wide: readonly RevocationEntry[];
  readonly folded: readonly FoldableEntry[];
}

export function isFoldable(entry: RevocationEntry): entry is FoldableEntry {
  return entry.fold !== undefined;
}

/** Returns the name of the widest entry that can replace this one: the access tokens of an API key. */
export function foldGroupOf({ fold }: RevocationEntry): string | undefined {
  return fold?.into.at(-1);
}

/** Returns how many entries of a group are folded in one step. */
export function batchSize(count: number, bound: number): number {
  const wanted = Math.max(2, count - bound + 1, Math.ceil(bound * BATCH_SHARE));
  return Math.min(MAX_FOLDED, wanted);
}

/** Returns the oldest entries. Folding them costs least: nearly all tokens before their cut-offs have expired. */
export function oldestOf(entries: Iterable<FoldableEntry>, count: number): readonly FoldableEntry[] {
  return [...entries].sort((one, other) => one.fold.issuedUpTo - other.fold.issuedUpTo).slice(0, count);
}

/**
 * Folds entries into one per subject if that halves their number, otherwise into one per API key. In the first case,
 * entries that already cover a subject, or that have no subject, stay.
 * @param entries of one group.
 */
export function foldEntries(entries: readonly FoldableEntry[]): Folding {
  const bySubject = mergeByName(
    entries.map((entry) => (entry.fold.into.length > 1 ? widen(entry, 0) : entry)),
  );
  const isEnough = bySubject.length * 2 <= entries.length;
  const merged = isEnough ? bySubject : mergeByName(entries.map(widest));
  const names = new Set(merged.map(({ name }) => name));
  const known = new Set<RevocationEntry>(entries);
  return {
    wide: merged.filter((entry) => !known.has(entry)),
    folded: entries.filter(({ name }) => !names.has(name)),
  };
}

/** Returns the widest entry that can replace this one: the access tokens of an API key. */
export function widest(entry: FoldableEntry): RevocationEntry {
  return widen(entry, -1);
}

/** Whether a wider entry already revokes the same tokens, for at least as long. */
export function isFoldedInto({ fold, expiresAt }: RevocationEntry, wide: RevocationEntry): boolean {
  if (fold === undefined || !fold.into.includes(wide.name) || wide.expiresAt < expiresAt) return false;
  return wide.issuedUpTo === undefined || wide.issuedUpTo >= fold.issuedUpTo;
}

/** The widest entry of a group has no `fold` and no owner: it counts for no client, and no entry is wider. */
function widen({ fold, expiresAt, owner }: FoldableEntry, level: 0 | -1): RevocationEntry {
  const { into, issuedUpTo } = fold;
  const name = into.at(level) ?? '';
  const left = level === 0 ? into.slice(1) : [];
  if (left.length === 0) return { name, issuedUpTo, expiresAt };
  return {
    ...{ name, issuedUpTo, expiresAt, fold: { into: left, issuedUpTo } },
    ...(owner === undefined ? {} : { owner }),
  };
}

function mergeByName(entries: readonly RevocationEntry[]): readonly RevocationEntry[] {
  const merged = new Map<string, RevocationEntry>();
  for (const entry of entries) merged.set(entry.name, mergeEntries(merged.get(entry.name), entry));
  return [...merged.values()];
}
