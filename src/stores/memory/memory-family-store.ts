import type { Clock } from '../../clock.js';
import { TemporarilyUnavailableError } from '../../errors.js';
import type { FamilyStore, StoredFamily } from '../family-store.js';
import { ExpiringMap } from './expiring-map.js';

/** Most families; a further one is refused, none is forgotten for it. */
const MAX_FAMILIES = 1_000_000;

export function memoryFamilyStore(clock: Clock): FamilyStore {
  const families = new ExpiringMap<StoredFamily>(clock);

  return {
    async insert(family) {
      if (families.get(family.id) !== undefined) return false;
      if (families.size >= MAX_FAMILIES) throw full();
      families.set(family.id, { ...family, revision: 1 });
      return true;
    },
    async find(id) {
      return families.get(id);
    },
    async replace(family) {
      const present = families.get(family.id);
      if (present?.revision !== family.revision) return false;
      families.set(family.id, { ...family, revision: present.revision + 1 });
      return true;
    },
  };
}

function full(): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({ cause: new Error('The store of refresh-token families is full') });
}
