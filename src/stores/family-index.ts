import { assertNumber } from '../base/options.js';
import type {
  FamilyGroup,
  FamilyName,
  FamilyPageRequest,
  FamilyRecord,
  FamilyState,
} from './family-store.js';

/** Maximum number of families on a page. */
const MAX_PAGE = 1000;

/** Returns the groups that a family belongs to. */
export function groupsOf({ clientId, subject, sessionId }: FamilyState): readonly FamilyGroup[] {
  return [
    { kind: 'api_key', clientId },
    { kind: 'subject', clientId, subject },
    { kind: 'session', clientId, sessionId },
  ];
}

/** Formats a group as JSON, which is self-delimiting and has no control characters, so that no two groups overlap. */
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

/** Returns the key of a family, unique among all clients. */
export function textOfName({ clientId, id }: FamilyName): string {
  return JSON.stringify([clientId, id]);
}

/** Returns the entries of a family in an ordered index: for each of its groups, the formatted group and the ID. */
export function entriesOf({ id, state }: FamilyRecord): readonly string[] {
  return groupsOf(state).map((group) => entryOf(group, id));
}

export function entryOf(group: FamilyGroup, id: string): string {
  return textOfGroup(group) + JSON.stringify(id);
}

/** Returns the exclusive bounds, in byte order, of the entries of a group: all entries, or the entries after an ID. */
export function rangeOf(
  group: FamilyGroup,
  after?: string,
): { readonly above: string; readonly below: string } {
  const text = textOfGroup(group);
  return { above: after === undefined ? text : entryOf(group, after), below: `${text}#` };
}

/** Returns the ID in an entry of a group. */
export function idOfEntry(entry: string, group: FamilyGroup): string {
  return JSON.parse(entry.slice(textOfGroup(group).length));
}

/** @throws TypeError if the limit is not an integer from 1 to 1000. */
export function assertPage({ limit }: FamilyPageRequest): void {
  assertNumber(limit, 'FamilyStore.list', 'limit', { isInteger: true, from: 1, to: MAX_PAGE });
}

/**
 * Cuts a page from a list of IDs.
 * @param ids all remaining IDs, or at least one more than fits on the page.
 */
export function cutPage(
  ids: readonly string[],
  limit: number,
): { readonly ids: readonly string[]; readonly next?: string } {
  const page = ids.slice(0, limit);
  const last = page.at(-1);
  return ids.length > limit && last !== undefined ? { ids: page, next: last } : { ids: page };
}
