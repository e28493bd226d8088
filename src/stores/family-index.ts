import { assertNumber } from '../base/options.js';
import type {
  FamilyGroup,
  FamilyName,
  FamilyPageRequest,
  FamilyRecord,
  FamilyState,
} from './family-store.js';

/** Maximum number of families per page. */
export const MAX_PAGE = 1000;

/** Return the three groups of a family: its API key, its subject and its session. */
export function groupsOf({ clientId, subject, sessionId }: FamilyState): readonly FamilyGroup[] {
  return [
    { kind: 'api_key', clientId },
    { kind: 'subject', clientId, subject },
    { kind: 'session', clientId, sessionId },
  ];
}

/** Serialize a group as a JSON array. No serialized group is a prefix of a different one. */
export function textOfGroup(group: FamilyGroup): string {
  const { kind, clientId } = group;
  switch (kind) {
    case 'api_key':
      return JSON.stringify([kind, clientId]);
    case 'subject':
      return JSON.stringify([kind, clientId, group.subject]);
    case 'session':
      return JSON.stringify([kind, clientId, group.sessionId]);
  }
}

export function nameOf({ id, state }: FamilyRecord): FamilyName {
  return { clientId: state.clientId, id };
}

/** Serialize the name of a family as a storage key, unique across all clients. */
export function textOfName({ clientId, id }: FamilyName): string {
  return JSON.stringify([clientId, id]);
}

/** Return the index entries of a family, one per group: the serialized group, followed by the family ID. */
export function entriesOf({ id, state }: FamilyRecord): readonly string[] {
  return groupsOf(state).map((group) => entryOf(group, id));
}

export function entryOf(group: FamilyGroup, id: string): string {
  return textOfGroup(group) + JSON.stringify(id);
}

/**
 * Return the exclusive bounds, in byte order, of the index entries of a group.
 *
 * @param after family ID that precedes the range; default: the range has all entries of the group.
 */
export function rangeOf(
  group: FamilyGroup,
  after?: string,
): { readonly above: string; readonly below: string } {
  const text = textOfGroup(group);
  return { above: after === undefined ? text : entryOf(group, after), below: `${text}#` };
}

/** Extract the family ID from an index entry of a group. */
export function idOfEntry(entry: string, group: FamilyGroup): string {
  return JSON.parse(entry.slice(textOfGroup(group).length));
}

/**
 * Assert that a page request is valid.
 *
 * @throws TypeError if the limit is not an integer from 1 to 1000.
 */
export function assertPage({ limit }: FamilyPageRequest): void {
  assertNumber(limit, 'FamilyStore.list', 'limit', { isInteger: true, from: 1, to: MAX_PAGE });
}

/**
 * Return the first page of a list of IDs, with `next` if more IDs follow.
 *
 * @param ids all remaining IDs, or at least `limit + 1` of them.
 */
export function cutPage(
  ids: readonly string[],
  limit: number,
): { readonly ids: readonly string[]; readonly next?: string } {
  const page = ids.slice(0, limit);
  const last = page.at(-1);
  return ids.length > limit && last !== undefined ? { ids: page, next: last } : { ids: page };
}
