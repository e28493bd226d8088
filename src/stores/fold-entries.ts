import { mergeEntries, type RevocationEntry } from './revocation-store.js';

/** Maximum number of entries per folding step. The limit keeps each step short. */
const MAX_FOLDED = 1000;

/** Fraction of the limit that one step frees. Without it, every new entry in a full store would trigger a step. */
const BATCH_SHARE = 0.1;

/** Maximum number of folding steps per added entry. A lowered limit takes several additions to reach. */
export const MAX_FOLDINGS = 10;

/** A revocation that wider revocations can replace. */
export type FoldableEntry = RevocationEntry & Required<Pick<RevocationEntry, 'fold'>>;

/** Plan of a folding step: the entries to remove, and the wider entries that replace them. */
export interface Folding {
  readonly wide: readonly RevocationEntry[];
  readonly folded: readonly FoldableEntry[];
}

export function isFoldable(entry: RevocationEntry): entry is FoldableEntry {
  return entry.fold !== undefined;
}

/** Return the fold group of an entry: the name of the widest replacement, which covers an API key. */
export function foldGroupOf({ fold }: RevocationEntry): string | undefined {
  return fold?.into.at(-1);
}

/** Calculate how many of the `count` entries of a group to fold in one step, given the limit `bound`. */
export function batchSize(count: number, bound: number): number {
  const wanted = Math.max(2, count - bound + 1, Math.ceil(bound * BATCH_SHARE));
  return Math.min(MAX_FOLDED, wanted);
}

/** Return the entries with the earliest cut-offs. Most tokens issued before an early cut-off have expired. */
export function oldestOf(entries: Iterable<FoldableEntry>, count: number): readonly FoldableEntry[] {
  return [...entries].sort((one, other) => one.fold.issuedUpTo - other.fold.issuedUpTo).slice(0, count);
}

/**
 * Plan the folding of entries. Merge them into one entry per subject if this at least halves their number, and
 * otherwise into one entry per API key. A merge per subject leaves two kinds of entries unchanged: those for a whole
 * subject, and those without a subject.
 *
 * @param entries entries of a single fold group.
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

/** Return the widest replacement of an entry. It covers the access tokens of an API key. */
export function widest(entry: FoldableEntry): RevocationEntry {
  return widen(entry, -1);
}

/** Whether a wider entry already revokes all tokens of a narrower entry, for at least as long. */
export function isFoldedInto({ fold, expiresAt }: RevocationEntry, wide: RevocationEntry): boolean {
  if (fold === undefined || !fold.into.includes(wide.name) || wide.expiresAt < expiresAt) return false;
  return wide.issuedUpTo === undefined || wide.issuedUpTo >= fold.issuedUpTo;
}

/**
 * Return the narrowest (level 0) or widest (level -1) replacement of an entry. The widest one has neither a `fold` nor
 * an owner: no entry is wider, and it does not count towards the limit of a client.
 */
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
