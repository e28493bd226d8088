import { assertNumber } from '../base/options.js';
import type {
  FamilyGroup,
  FamilyName,
  FamilyPageRequest,
  FamilyRecord,
  FamilyState,
} from './family-store.js';

/** Most families on one page. */
const MAX_PAGE = 1000;

/** The groups that a family belongs to. */
export function groupsOf({ clientId, subject, sessionId }: FamilyState): readonly FamilyGroup[] {
  return [
    { kind: 'api_key', clientId },
    { kind: 'subject', clientId, subject },
    { kind: 'session', clientId, sessionId },
  ];
}

/** A group in JSON, which ends by itself and holds no control character: no two run into each other. */
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

/** The key of a family among those of all clients. */
export function textOfName({ clientId, id }: FamilyName): string {
  return JSON.stringify([clientId, id]);
}

/** Under what a family stands in an ordered index: for each of its groups the text of that, then the id. */
export function entriesOf({ id, state }: FamilyRecord): readonly string[] {
  return groupsOf(state).map((group) => entryOf(group, id));
}

export function entryOf(group: FamilyGroup, id: string): string {
  return textOfGroup(group) + JSON.stringify(id);
}

/** Between these two, by the order of their bytes, stand the entries of a group: all, or those after an id. */
export function rangeOf(
  group: FamilyGroup,
  after?: string,
): { readonly above: string; readonly below: string } {
  const text = textOfGroup(group);
  return { above: after === undefined ? text : entryOf(group, after), below: `${text}#` };
}

/** The id in an entry of a group. */
export function idOfEntry(entry: string, group: FamilyGroup): string {
  return JSON.parse(entry.slice(textOfGroup(group).length));
}

/** @throws TypeError for a limit that is not an integer from 1 to 1000. */
export function assertPage({ limit }: FamilyPageRequest): void {
  assertNumber(limit, 'FamilyStore.list', 'limit', { isInteger: true, from: 1, to: MAX_PAGE });
}

/** One page of ids, out of all that come next or of one more than fit. */
export function cutPage(
  ids: readonly string[],
  limit: number,
): { readonly ids: readonly string[]; readonly next?: string } {
  const page = ids.slice(0, limit);
  const last = page.at(-1);
  return ids.length > limit && last !== undefined ? { ids: page, next: last } : { ids: page };
}
