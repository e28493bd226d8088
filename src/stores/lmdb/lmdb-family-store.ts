import type { RootDatabase } from 'lmdb';
import { type Clock, earliestOf } from '../../base/clock.js';
import { assertPage, cutPage, entriesOf, idOfEntry, nameOf, rangeOf, textOfName } from '../family-index.js';
import type { FamilyName, FamilyStore, StoredFamily } from '../family-store.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

const FAMILIES = 'families';
const LISTED = 'families-listed';

/** Delete all refresh-token families. Call it within a transaction. */
export function forgetFamilies(root: RootDatabase): void {
  for (const name of [FAMILIES, `${FAMILIES}-by-expiry`, LISTED]) {
    root.openDB({ name, encoding: 'json' }).clearSync();
  }
}

export function lmdbFamilyStore(environment: LmdbEnvironment, clock: Clock): FamilyStore {
  const families = environment.openTable<StoredFamily>(FAMILIES);
  const listed = environment.openDatabase<true>(LISTED);

  const leave = (family: StoredFamily): void => {
    for (const entry of entriesOf(family)) listed.remove(entry);
  };
  const find = (name: FamilyName): StoredFamily | undefined => {
    const family = families.get(textOfName(name));
    return family !== undefined && family.expiresAt > clock() ? family : undefined;
  };
  const insert = (family: StoredFamily): boolean => {
    families.sweep(earliestOf(clock), leave);
    const name = textOfName(nameOf(family));
    const present = families.get(name);
    if (present !== undefined && present.expiresAt > clock()) return false;
    if (present !== undefined) leave(present);
    families.put(name, family);
    if (family.state.ended === undefined) for (const entry of entriesOf(family)) listed.put(entry, true);
    return true;
  };
  const replace = (family: StoredFamily): boolean => {
    const present = find(nameOf(family));
    if (present?.revision !== family.revision) return false;
    families.put(textOfName(nameOf(family)), { ...family, revision: present.revision + 1 });
    if (family.state.ended !== undefined) leave(family);
    return true;
  };

  return {
    insert: (family) => environment.write(() => insert({ ...family, revision: 1 })),
    find: async (name) => environment.read(() => find(name)),
    replace: (family) => environment.write(() => replace(family)),
    async list(group, page) {
      assertPage(page);
      const { above, below } = rangeOf(group, page.after);
      const range = { start: above, exclusiveStart: true, end: below, limit: page.limit + 1 };
      return environment.read(() => {
        const ids = [...listed.getKeys(range)].map((entry) => idOfEntry(entry, group));
        const { ids: shown, ...next } = cutPage(ids, page.limit);
        const found = shown.map((id) => find({ clientId: group.clientId, id }));
        return { families: found.filter((family) => family !== undefined), ...next };
      });
    },
  };
}
