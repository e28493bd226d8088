import { earliestOf, systemClock } from '../../base/clock.js';
import { assertPage, cutPage, entriesOf, entryOf, idOfEntry, rangeOf } from '../family-index.js';
import type { FamilyName, FamilyRecord, FamilyState, FamilyStore, StoredFamily } from '../family-store.js';
import { asList } from './as-list.js';
import { INSERT_FAMILY, REPLACE_FAMILY } from './family-scripts.js';
import { type RecordSetting, timeToLiveMs } from './redis-record.js';

function isEnded({ state }: FamilyRecord): 0 | 1 {
  return state.ended === undefined ? 0 : 1;
}

/**
 * Create a family store in Redis. All keys of a client are in one hash slot of a cluster, so a script can change a
 * family and its index entries atomically.
 */
export function redisFamilyStore({ connection, prefix, clock: given }: RecordSetting): FamilyStore {
  const clock = given ?? systemClock;
  const tagOf = (clientId: string): string => `{${encodeURIComponent(clientId)}}`;
  const familyKey = ({ clientId, id }: FamilyName): string => `${prefix}:family:${tagOf(clientId)}:${id}`;
  const indexKey = (clientId: string): string => `${prefix}:families:${tagOf(clientId)}`;
  const expiryKey = (clientId: string): string => `${prefix}:families-by-expiry:${tagOf(clientId)}`;

  const keysOf = ({ id, state: { clientId } }: FamilyRecord) => [
    familyKey({ clientId, id }),
    indexKey(clientId),
    expiryKey(clientId),
  ];
  const argumentsOf = (family: FamilyRecord) => [
    clock(),
    timeToLiveMs(family.expiresAt, clock),
    JSON.stringify(family.state),
    family.expiresAt,
    JSON.stringify(entriesOf(family)),
  ];
  const find = async ({ clientId, id }: FamilyName): Promise<StoredFamily | undefined> => {
    const fields = ['revision', 'expires-at', 'state'];
    const [revision, expiresAt, state] = asList(
      await connection.call('hmget', [familyKey({ clientId, id }), ...fields]),
    );
    if (typeof state !== 'string' || Number(expiresAt) <= clock()) return undefined;
    const parsed: FamilyState = JSON.parse(state);
    return { id, revision: Number(revision), expiresAt: Number(expiresAt), state: parsed };
  };

  return {
    async insert(family) {
      const earliest = given === undefined ? '' : earliestOf(given);
      const args = [...argumentsOf(family), isEnded(family), earliest];
      return (await connection.run(INSERT_FAMILY, keysOf(family), args)) === 1;
    },
    find,
    async replace(family) {
      const args = [...argumentsOf(family), family.revision, isEnded(family)];
      return (await connection.run(REPLACE_FAMILY, keysOf(family), args)) === 1;
    },
    async list(group, page) {
      assertPage(page);
      const { clientId } = group;
      const { above, below } = rangeOf(group, page.after);
      const range = [`(${above}`, `(${below}`, 'BYLEX', 'LIMIT', 0, page.limit + 1];
      const entries = asList(await connection.call('zrange', [indexKey(clientId), ...range]));
      const { ids, ...next } = cutPage(
        entries.map((entry) => idOfEntry(String(entry), group)),
        page.limit,
      );
      const found = await Promise.all(ids.map((id) => find({ clientId, id })));
      // Since the index was read, the family may have ended, or a family in a different group may have taken its ID.
      const isListed = (family: StoredFamily): boolean =>
        family.state.ended === undefined && entriesOf(family).includes(entryOf(group, family.id));
      return { families: found.filter((family) => family !== undefined).filter(isListed), ...next };
    },
  };
}
