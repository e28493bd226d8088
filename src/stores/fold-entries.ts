import { mergeEntries, type RevocationEntry } from './revocation-store.js';

/** Most entries that one step folds, so that none takes long. */
const MAX_FOLDED = 1000;

/** Share of the bound that one step makes room for, so that not every entry needs one. */
const BATCH_SHARE = 0.1;

/** Most steps that one added entry causes; a bound that was lowered is reached over several. */
export const MAX_FOLDINGS = 10;

/** An entry that wider ones can take the place of. */
export type FoldableEntry = RevocationEntry & Required<Pick<RevocationEntry, 'fold'>>;

/** Entries that give way, and those that take their place. */
export interface Folding {
  readonly wide: readonly RevocationEntry[];
  readonly folded: readonly FoldableEntry[];
}

export function isFoldable(entry: RevocationEntry): entry is FoldableEntry {
  return entry.fold !== undefined;
}

/** The name of the widest entry that can take the place of this one: the access tokens of an API key. */
export function foldGroupOf({ fold }: RevocationEntry): string | undefined {
  return fold?.into.at(-1);
}

/** How many entries of one group give way at once. */
export function batchSize(count: number, bound: number): number {
  const wanted = Math.max(2, count - bound + 1, Math.ceil(bound * BATCH_SHARE));
  return Math.min(MAX_FOLDED, wanted);
}

/** Cut-offs that are long past concern tokens that have nearly all expired, so the oldest entries cost the least. */
export function oldestOf(entries: Iterable<FoldableEntry>, count: number): readonly FoldableEntry[] {
  return [...entries].sort((one, other) => one.fold.issuedUpTo - other.fold.issuedUpTo).slice(0, count);
}

/**
 * Folds entries into one for each subject, if that halves their number, else into one for each API key. An entry that
 * stands for a subject already, or for none, stays in the first case.
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

/** The widest entry that can take the place of one: the access tokens of an API key. */
export function widest(entry: FoldableEntry): RevocationEntry {
  return widen(entry, -1);
}

/** Whether a wider entry already revokes all that an entry does, for at least as long. */
export function isFoldedInto({ fold, expiresAt }: RevocationEntry, wide: RevocationEntry): boolean {
  if (fold === undefined || !fold.into.includes(wide.name) || wide.expiresAt < expiresAt) return false;
  return wide.issuedUpTo === undefined || wide.issuedUpTo >= fold.issuedUpTo;
}

/** The widest entry of a group stands for itself: it counts for no client, and nothing is wider. */
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
