import { randomBytes } from 'node:crypto';
import type { Clock, NumericDate } from '../../base/clock.js';
import { TemporarilyUnavailableError } from '../../base/errors.js';
import type { Folding } from '../fold-entries.js';
import type { RevocationEntry } from '../revocation-store.js';
import { asList } from './as-list.js';
import { formatEntry, formatFold, parseEntries, parseFields } from './entry-text.js';
import type { RedisConnection } from './redis-connection.js';
import { KEEP, OPEN, POLL, SCAN, VOUCH } from './revocation-scripts.js';

/** The store lives for so long after it was last used: longer than any token that it was asked about. */
const LIFETIME_MS = 100 * 86_400_000;

/** A replica that missed more than so many entries takes a snapshot instead. */
const LOG_LENGTH = 10_000;

/** Fields that one step of a snapshot asks for. */
const SCAN_COUNT = 2000;

/** Entries that one poll returns at most. */
export const POLL_LIMIT = 1000;

/** Where a replica stands: in which epoch of the store, and after which entry of its log. */
export interface LogPosition {
  readonly epoch: string;
  readonly id: string;
  /** What the log says there. */
  readonly text: string;
}

export interface OpenedLog {
  readonly position: LogPosition;
  readonly completeSince: NumericDate;
}

export interface LogNews extends OpenedLog {
  readonly entries: readonly RevocationEntry[];
  /** There is more than one answer holds. */
  readonly isCutOff: boolean;
}

/** The revocations in Redis: what the scripts take and answer, in types. */
export interface RevocationLog {
  open(): Promise<OpenedLog>;
  /** What was added since; `undefined` where that cannot be told, and a snapshot must be taken. */
  poll(position: LogPosition): Promise<LogNews | undefined>;
  /** Resolves once something was added after a position, or after some time. */
  untilNews(position: LogPosition, timeoutMs: number): Promise<void>;
  /**
   * Every entry, some perhaps twice.
   * @throws TemporarilyUnavailableError where another server answers on the way, who would leave entries out.
   */
  snapshot(): AsyncIterable<RevocationEntry>;
  /**
   * Adds entries to the log.
   * @param maxRevocations Default: no bound.
   * @returns whether there was room for all of them.
   */
  keep(entries: readonly RevocationEntry[], maxRevocations?: number): Promise<boolean>;
  /** Adds the wide entries, and removes those that they take the place of, in one step. */
  fold(folding: Folding): Promise<void>;
  vouch(epoch: string, completeSince: NumericDate): Promise<void>;
}

const UNBOUNDED = 2 ** 53;

export interface RevocationLogSetting {
  /** Answers at once. */
  readonly commands: RedisConnection;
  /** May wait for news. */
  readonly news: RedisConnection;
  readonly prefix: string;
  /** Default: that of the server, which is one for all instances. */
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
  return new TemporarilyUnavailableError({ cause: new Error('Another Redis took over during a snapshot') });
}
