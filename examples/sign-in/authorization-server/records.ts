import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';

interface StoredRecord {
  readonly model: string;
  readonly id: string;
  readonly payload: AdapterPayload;
  readonly expiresAt: number;
}

/** Sessions, grants, codes and tokens of oidc-provider. */
export interface Records {
  /** Option `adapter` of oidc-provider. */
  createAdapter(model: string): Adapter;
  /** Delete all records of a person. A request that runs at the same time cannot bring a session or sign-in back. */
  endPerson(accountId: string): void;
}

const SWEEP_MS = 60_000;

/** Above this number, the oldest record is deleted. */
const MAX_RECORDS = 100_000;

/**
 * Keep the records in the memory of the process. For several processes, implement `Adapter` with a database that finds records
 * by `accountId`.
 */
export function createRecords(clock: () => number = Date.now): Records {
  const records = new Map<string, StoredRecord>();
  /** When the sessions of a person ended, in seconds. Sessions and sign-ins that began earlier are invalid. */
  const endedAt = new Map<string, number>();
  let sweptAt = clock();

  const isEnded = (record: StoredRecord): boolean => {
    const { accountId, ts = 0 } = loginOf(record);
    return accountId !== undefined && ts <= (endedAt.get(accountId) ?? -1);
  };
  const read = (key: string): AdapterPayload | undefined => {
    const found = records.get(key);
    return found === undefined || found.expiresAt <= clock() || isEnded(found) ? undefined : found.payload;
  };
  const removeIf = (matches: (record: StoredRecord) => boolean): void => {
    for (const [key, record] of records) if (matches(record)) records.delete(key);
  };
  const sweep = (): void => {
    if (clock() - sweptAt < SWEEP_MS) return;
    sweptAt = clock();
    removeIf((record) => record.expiresAt <= sweptAt || isEnded(record));
  };

  return {
    createAdapter(model) {
      const keyOf = (id: string): string => `${model}:${id}`;
      return {
        async upsert(id, payload, expiresIn = Number.POSITIVE_INFINITY) {
          sweep();
          records.set(keyOf(id), { model, id, payload, expiresAt: clock() + expiresIn * 1000 });
          const [oldest] = records.keys();
          if (records.size > MAX_RECORDS && oldest !== undefined) records.delete(oldest);
        },
        find: async (id) => read(keyOf(id)),
        async findByUid(uid) {
          const found = [...records.values()].find(
            (record) => record.model === model && record.payload.uid === uid,
          );
          return found === undefined ? undefined : read(keyOf(found.id));
        },
        findByUserCode: async () => undefined, // The device flow is disabled.
        async consume(id) {
          const payload = read(keyOf(id));
          // Of several requests with one code or refresh token, only the first succeeds.
          if (payload === undefined || payload.consumed !== undefined) throw new errors.InvalidGrant();
          payload.consumed = Math.floor(clock() / 1000);
        },
        destroy: async (id) => void records.delete(keyOf(id)),
        revokeByGrantId: async (grantId) => removeIf((record) => record.payload.grantId === grantId),
      };
    },
    endPerson(accountId) {
      endedAt.set(accountId, Math.floor(clock() / 1000));
      removeIf((record) => record.payload.accountId === accountId || isEnded(record));
    },
  };
}

interface Login {
  readonly accountId?: string | undefined;
  readonly ts?: number | undefined;
}

/** Sign-in of a session, or of an interaction that the browser has not continued after the password check. */
function loginOf({ model, payload: { accountId, loginTs, result } }: StoredRecord): Login {
  if (model === 'Interaction') return result?.login ?? {};
  return model === 'Session' ? { accountId, ts: loginTs } : {};
}
