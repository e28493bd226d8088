import type { Clock } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import { ExpiringMap } from '../../base/expiring-map.js';
import { assertPage, cutPage, groupsOf, nameOf, textOfGroup, textOfName } from '../family-index.js';
import type { FamilyName, FamilyStore, StoredFamily } from '../family-store.js';

/** Maximum number of families. A full store rejects new active families and evicts none. */
const MAX_FAMILIES = 1_000_000;

export function memoryFamilyStore(clock: Clock): FamilyStore {
  /** Family IDs, keyed by serialized group. */
  const listed = new Map<string, Set<string>>();

  const leave = ({ id, state }: StoredFamily): void => {
    for (const group of groupsOf(state).map(textOfGroup)) {
      const ids = listed.get(group);
      ids?.delete(id);
      if (ids?.size === 0) listed.delete(group);
    }
  };
  const families = new ExpiringMap<StoredFamily>(clock, leave);

  const find = (name: FamilyName): StoredFamily | undefined => families.get(textOfName(name));
  const put = (family: StoredFamily): void => {
    const { id, state } = family;
    families.set(textOfName(nameOf(family)), family);
    if (state.ended !== undefined) return;
    for (const group of groupsOf(state).map(textOfGroup)) {
      listed.set(group, (listed.get(group) ?? new Set()).add(id));
    }
  };

  return {
    async insert(family) {
      if (find(nameOf(family)) !== undefined) return false;
      // End markers are always accepted: without its marker, a family could survive the end of its session.
      if (families.size >= MAX_FAMILIES && family.state.ended === undefined) throw full();
      put({ ...family, revision: 1 });
      return true;
    },
    async find(name) {
      return find(name);
    },
    async replace(family) {
      const present = find(nameOf(family));
      if (present?.revision !== family.revision) return false;
      put({ ...family, revision: present.revision + 1 });
      return true;
    },
    async list(group, page) {
      assertPage(page);
      const { limit, after } = page;
      const ids = [...(listed.get(textOfGroup(group)) ?? [])].sort();
      const coming = after === undefined ? ids : ids.filter((id) => id > after);
      const { ids: shown, ...next } = cutPage(coming, limit);
      const found = shown.map((id) => find({ clientId: group.clientId, id }));
      return { families: found.filter((family) => family !== undefined), ...next };
    },
  };
}

function full(): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({
    cause: new Error(
      `The in-memory family store is full (${MAX_FAMILIES} families): use Redis or LMDB stores instead`,
    ),
  });
}
