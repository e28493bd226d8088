import { randomBytes } from 'node:crypto';
import type { Clock, NumericDate } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import type { Folding } from '../fold-entries.js';
import type { RevocationEntry } from '../revocation-store.js';
import { asList } from './as-list.js';
import { formatEntry, formatFold, parseEntries, parseFields } from './entry-text.js';
import type { RedisConnection } from './redis-connection.js';
import { KEEP, OPEN, POLL, SCAN, VOUCH } from './revocation-scripts.js';

/** TTL of the store after its last use, in milliseconds: 100 days, longer than any token lifetime. */
const LIFETIME_MS = 100 * 86_400_000;

/** Approximate length of the log, in entries. A replica that has missed more entries takes a snapshot. */
const LOG_LENGTH = 10_000;

/** Approximate number of entries per batch of a snapshot. */
const SCAN_COUNT = 2000;

/** Maximum number of entries per poll. */
export const POLL_LIMIT = 1000;

/** Position of a replica in the log: the epoch of the store, and the last entry that the replica has read. */
export interface LogPosition {
  readonly epoch: string;
  readonly id: string;
  /** Content of the log entry, which distinguishes it from a later entry with the same ID. */
  readonly text: string;
}

export interface OpenedLog {
  readonly position: LogPosition;
  readonly completeSince: NumericDate;
}

export interface LogNews extends OpenedLog {
  readonly entries: readonly RevocationEntry[];
  /** Whether more log entries remain to be read. */
  readonly isCutOff: boolean;
}

/** Typed access to the revocations in Redis. */
export interface RevocationLog {
  /** Return the end of the log. Start a new epoch if the store is empty. */
  open(): Promise<OpenedLog>;
  /** Return the entries after a position, or `undefined` if the log lacks the position and a snapshot is necessary. */
  poll(position: LogPosition): Promise<LogNews | undefined>;
  /** Resolve once the log has an entry after the position, or after the timeout in milliseconds. */
  untilNews(position: LogPosition, timeoutMs: number): Promise<void>;
  /**
   * Yield all entries, some possibly twice.
   *
   * @throws TemporarilyUnavailableError if a failover interrupts the snapshot, because entries would be missing.
   */
  snapshot(): AsyncIterable<RevocationEntry>;
  /**
   * Store entries and append them to the log.
   *
   * @param maxRevocations maximum number of entries in the store; default: no limit.
   * @returns whether the store had room for all entries.
   */
  keep(entries: readonly RevocationEntry[], maxRevocations?: number): Promise<boolean>;
  /** Add the wider entries and remove the entries that they replace, atomically. */
  fold(folding: Folding): Promise<void>;
  /** Move `complete-since` of an epoch to an earlier time, once all revocations since then are restored. */
  vouch(epoch: string, completeSince: NumericDate): Promise<void>;
}

const UNBOUNDED = 2 ** 53;

export interface RevocationLogSetting {
  /** Connection for non-blocking commands. */
  readonly commands: RedisConnection;
  /** Connection for blocking reads of the log. */
  readonly news: RedisConnection;
  readonly prefix: string;
  /** Clock of the log. Default: the clock of Redis, which all instances share. */
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
    cause: new Error(
      'A Redis failover interrupted the snapshot of the revocations, which is retried automatically',
    ),
  });
}
