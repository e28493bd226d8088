import type { Clock } from '../../clock.js';
import type { FamilyStore, StoredFamily } from '../family-store.js';
import type { LmdbEnvironment } from './lmdb-environment.js';

export function lmdbFamilyStore(environment: LmdbEnvironment, clock: Clock): FamilyStore {
  const families = environment.openTable<StoredFamily>('families');

  const find = (id: string): StoredFamily | undefined => {
    const family = families.get(id);
    return family !== undefined && family.expiresAt > clock() ? family : undefined;
  };

  return {
    insert: (family) =>
      environment.write(() => {
        families.sweep(clock());
        if (find(family.id) !== undefined) return false;
        families.put(family.id, { ...family, revision: 1 });
        return true;
      }),
    find: async (id) => environment.read(() => find(id)),
    replace: (family) =>
      environment.write(() => {
        const present = find(family.id);
        if (present?.revision !== family.revision) return false;
        families.put(family.id, { ...family, revision: present.revision + 1 });
        return true;
      }),
  };
}
