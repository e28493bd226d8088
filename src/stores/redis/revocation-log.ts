import { randomBytes } from 'node:crypto';
import type { Clock, NumericDate } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import type { Folding } from '../fold-entries.js';
import type { RevocationEntry } from '../revocation-store.js';
import { asList } from './as-list.js';
import { formatEntry, formatFold, parseEntries, parseFields } from './entry-text.js';
import type { RedisConnection } from './redis-connection.js';
import { KEEP, OPEN, POLL, SCAN, VOUCH } from './revocation-scripts.js';

/** TTL of the store after its last use: longer than the lifetime of any token. */
const LIFETIME_MS = 100 * 86_400_000;

/** Approximate length of the log. A replica that missed more entries takes a snapshot. */
const LOG_LENGTH = 10_000;

/** Approximate number of fields per step of a snapshot. */
const SCAN_COUNT = 2000;

/** Maximum number of entries per poll. */
export const POLL_LIMIT = 1000;

/** Position of a replica: the epoch of the store, and the last log entry read. */
export interface LogPosition {
  readonly epoch: string;
  readonly id: string;
  /** Content of that log entry. */
  readonly text: string;
}

export interface OpenedLog {
  readonly position: LogPosition;
  readonly completeSince: NumericDate;
}

export interface LogNews extends OpenedLog {
  readonly entries: readonly RevocationEntry[];
  /** Whether the log has more entries than the answer. */
  readonly isCutOff: boolean;
}

/** Typed access to the revocations in Redis. */
export interface RevocationLog {
  open(): Promise<OpenedLog>;
  /** Returns the entries added since, or `undefined` if the log does not reach back and a snapshot is needed. */
  poll(position: LogPosition): Promise<LogNews | undefined>;
  /** Resolves once an entry was added after the position, or after the timeout. */
  untilNews(position: LogPosition, timeoutMs: number): Promise<void>;
  /**
   * Yields every entry, some possibly twice.
   * @throws TemporarilyUnavailableError if another server takes over meanwhile, because entries would be missing.
   */
  snapshot(): AsyncIterable<RevocationEntry>;
  /**
   * Stores and logs entries.
   * @param maxRevocations bound of the store. Default: none.
   * @returns whether there was room for all of them.
   */
  keep(entries: readonly RevocationEntry[], maxRevocations?: number): Promise<boolean>;
  /** Adds the wide entries and removes the entries that they replace, atomically. */
  fold(folding: Folding): Promise<void>;
  vouch(epoch: string, completeSince: NumericDate): Promise<void>;
}

const UNBOUNDED = 2 ** 53;

export interface RevocationLogSetting {
  /** For commands that return immediately. */
  readonly commands: RedisConnection;
  /** For blocking reads of the log. */
  readonly news: RedisConnection;
  readonly prefix: string;
  /** Default: the clock of the server, which all instances share. */
  readonly clock: Clock | undefined;
}

export function revocationLog({ commands, news, prefix, clock }: RevocationLogSetting): RevocationLog {
  const entries = `{${prefix}}:revocations`;
  const log = `${entries}:log`;
  const keys = [entries, `${entries}:expiry`, `${entries}:owners`, log];
  const now = (): string => (clock === undefined ? '' : String(clock()));
  const write = ({ wide: added, folded }: Folding, bound: number): Promise<unknown> =>
    commands.run(KEEP, keys, [
      ...[now(), LIFETIME_MS, LOG_LENGTH, bound, added.length],
      ...added.flatMap(({ name, issuedUpTo = '', expiresAt, owner = '', fold }) => {
        return [name, issuedUpTo, expiresAt, owner, fold === undefined ? '' : formatFold(fold)];
      }),
      ...folded.flatMap((entry) => [entry.name, formatEntry(entry)]),
    ]);

  return {
    async open() {
      const epoch = randomBytes(16).toString('base64url');
      const answer = await commands.run(OPEN, keys, [epoch, now(), LIFETIME_MS]);
      const [opened, completeSince, last] = asList(answer);
      return { position: positionAt(String(opened), asList(last)), completeSince: Number(completeSince) };
    },

    async poll(position) {
      const { epoch, id, text } = position;
      const answer = await commands.run(POLL, keys, [epoch, id, text, POLL_LIMIT, LIFETIME_MS]);
      const [completeSince, logged] = asList(answer);
      if (completeSince === undefined) return undefined;
      const news = asList(logged).map(asList);
      const last = news.at(-1);
      return {
        position: last === undefined ? position : positionAt(epoch, last),
        completeSince: Number(completeSince),
        entries: news.flatMap(([, fields]) => parseEntries(asList(fields))),
        isCutOff: news.length === POLL_LIMIT,
      };
    },

    async untilNews({ id }, timeoutMs) {
      await news.call('xread', ['COUNT', 1, 'BLOCK', timeoutMs, 'STREAMS', log, id]);
    },

    async *snapshot() {
      let cursor = '0';
      let first: unknown;
      do {
        const [server, next, fields] = asList(await commands.run(SCAN, keys, [cursor, SCAN_COUNT]));
        first ??= server;
        if (server !== first) throw changedServerError();
        yield* parseFields(fields);
        cursor = String(next);
      } while (cursor !== '0');
    },

    keep: async (added, bound = UNBOUNDED) => (await write({ wide: added, folded: [] }, bound)) !== 'store',

    async fold(folding) {
      await write(folding, UNBOUNDED);
    },

    async vouch(epoch, completeSince) {
      await commands.run(VOUCH, keys, [epoch, completeSince]);
    },
  };
}

function positionAt(epoch: string, [id, fields]: readonly unknown[]): LogPosition {
  return { epoch, id: String(id), text: asList(fields).join('|') };
}

function changedServerError(): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError({
    cause: new Error('Another Redis server took over during the snapshot'),
  });
}
