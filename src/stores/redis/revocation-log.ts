import { randomBytes } from 'node:crypto';
import type { Clock, NumericDate } from '../../clock.js';
import { TemporarilyUnavailableError } from '../../errors.js';
import type { Fullness, RevocationEntry } from '../revocation-store.js';
import { asList } from './as-list.js';
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
  keep(entries: readonly RevocationEntry[], bounds?: LogBounds): Promise<Fullness | undefined>;
  vouch(epoch: string, completeSince: NumericDate): Promise<void>;
}

export interface LogBounds {
  readonly maxRevocations: number;
  readonly maxRevocationsPerClient: number;
}

const UNBOUNDED: LogBounds = { maxRevocations: 2 ** 53, maxRevocationsPerClient: 2 ** 53 };

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
        yield* parseEntries(asList(fields).map((part, index) => (index % 2 === 0 ? dropColon(part) : part)));
        cursor = String(next);
      } while (cursor !== '0');
    },

    async keep(added, bounds = UNBOUNDED) {
      const { maxRevocations, maxRevocationsPerClient } = bounds;
      const answer = await commands.run(KEEP, keys, [
        ...[now(), LIFETIME_MS, LOG_LENGTH, maxRevocations, maxRevocationsPerClient],
        ...added.flatMap(({ name, issuedUpTo = '', expiresAt, owner = '' }) => [
          name,
          issuedUpTo,
          expiresAt,
          owner,
        ]),
      ]);
      return answer === 'store' || answer === 'owner' ? answer : undefined;
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

/** Names and values in turn; what has no value that is an entry is none. */
function parseEntries(fields: readonly unknown[]): readonly RevocationEntry[] {
  const found: RevocationEntry[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const match = /^([^|]*)\|([^|]+)\|(.*)$/s.exec(String(fields[index + 1]));
    if (match === null) continue;
    const [, cutOff = '', expiresAt, owner = ''] = match;
    found.push({
      name: String(fields[index]),
      ...(cutOff === '' ? {} : { issuedUpTo: Number(cutOff) }),
      expiresAt: Number(expiresAt),
      ...(owner === '' ? {} : { owner }),
    });
  }
  return found;
}

function dropColon(field: unknown): string {
  return String(field).slice(1);
}
