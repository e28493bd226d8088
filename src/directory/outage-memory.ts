import type { AuditTrail } from '../audit/record.js';
import type { DirectoryFailure } from '../audit/user-events.js';
import type { Clock, NumericDate } from '../base/clock.js';
import { deadline } from '../base/deadline.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import type { Directory } from './directory.js';
import { LookupError } from './lookup-error.js';
import { PROBE_ID } from './probe-id.js';

export interface OutageMemoryParts {
  /** Name of the directory. */
  readonly source: string;
  readonly directory: Pick<Directory, 'findById' | 'isReady'>;
  readonly audit: AuditTrail;
  readonly clock: Clock;
  /**
   * Maximum duration of a lookup in milliseconds.
   *
   * @default 15_000
   */
  readonly timeoutMs?: number;
}

/** Lookups of one directory, which fail at once during an outage. */
export interface OutageMemory {
  /**
   * Run a lookup. If it fails and a probe fails too, lookups fail at once for two seconds. Then one lookup starts another
   * probe, and the others fail until a probe succeeds. A failure that concerns one person is not an outage.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the lookup fails, takes too long, or does not start
   */
  run<Answer>(lookup: () => Promise<Answer>): Promise<Answer>;
  /** Whether the last probe failed, and no lookup has succeeded since. */
  isOngoing(): boolean;
}

/** Time in seconds for which lookups fail at once. */
const REMEMBERED_SECONDS = 2;

/** Minimum interval in seconds between events about malformed answers. */
const MALFORMED_SECONDS = 60;

/** Implementations have shorter timeouts, such as two seconds per LDAP server. */
const TIMEOUT_MS = 15_000;

/** Maximum duration of a probe in milliseconds. */
const PROBE_TIMEOUT_MS = 5000;

interface Outage {
  readonly cause: unknown;
  readonly at: NumericDate;
}

/** Create the memory of the outages of a directory. It records the audit events of the directory. */
export function createOutageMemory({
  source,
  directory,
  audit,
  clock,
  timeoutMs = TIMEOUT_MS,
}: OutageMemoryParts): OutageMemory {
  let outage: Outage | undefined;
  let probing: Promise<boolean> | undefined;

  let isReported = false;
  let malformedAt: NumericDate | undefined;

  const report = (cause: unknown): void => {
    if (isReported) return;
    isReported = true;
    const reason: DirectoryFailure = cause instanceof LookupError ? cause.reason : 'failed';
    audit.record({ type: 'directory.unreachable', directory: source, reason }).catch(ignoreFailure);
  };

  const succeed = (): void => {
    outage = undefined;
    if (!isReported) return;
    isReported = false;
    audit.record({ type: 'directory.reachable', directory: source }).catch(ignoreFailure);
  };

  const fail = (cause: unknown): void => {
    outage = { cause, at: clock() };
    report(cause);
  };

  const isWithin = (at: NumericDate, seconds: number): boolean => {
    const age = clock() - at;
    return age >= 0 && age < seconds;
  };

  /** Report malformed answers, which concern one person or all. */
  const reportMalformed = (cause: unknown): void => {
    if (malformedAt !== undefined && isWithin(malformedAt, MALFORMED_SECONDS)) return;
    malformedAt = clock();
    report(cause);
  };

  const within = <Answer>(lookup: () => Promise<Answer>, limitMs: number): Promise<Answer> =>
    deadline(lookup(), limitMs, () => {
      throw new LookupError('timeout', `The directory ${source} did not answer within ${limitMs} ms`);
    });

  /** Whether the directory answers a lookup that finds no person. */
  const probe = async (): Promise<boolean> => {
    try {
      await within(async () => directory.findById(PROBE_ID), Math.min(timeoutMs, PROBE_TIMEOUT_MS));
      return true;
    } catch (failure) {
      return !isTimeout(failure) && isReady(directory);
    }
  };

  /** Concurrent lookups share a probe. */
  const answersProbe = (): Promise<boolean> => {
    probing ??= probe().finally(() => {
      probing = undefined;
    });
    return probing;
  };

  const attempt = async <Answer>(lookup: () => Promise<Answer>): Promise<Answer> => {
    try {
      const answer = await within(lookup, timeoutMs);
      succeed();
      return answer;
    } catch (cause) {
      // The answer about one person can be slow or unusable, for example if two people have one name. Others are not affected.
      const concernsOne = (!isTimeout(cause) && isReady(directory)) || (await answersProbe());
      if (!concernsOne) fail(cause);
      else if (isMalformed(cause)) {
        outage = undefined;
        reportMalformed(cause);
      } else succeed();
      throw unavailable(cause);
    }
  };

  return {
    async run(lookup) {
      if (outage === undefined) return attempt(lookup);
      if (probing !== undefined || isWithin(outage.at, REMEMBERED_SECONDS)) throw unavailable(outage.cause);
      const { cause } = outage;
      if (!(await answersProbe())) {
        fail(cause);
        throw unavailable(cause);
      }
      succeed();
      return attempt(lookup);
    },
    isOngoing: () => outage !== undefined,
  };
}

function unavailable(cause: unknown): TemporarilyUnavailableError {
  return cause instanceof TemporarilyUnavailableError ? cause : new TemporarilyUnavailableError({ cause });
}

function isMalformed(cause: unknown): boolean {
  return cause instanceof LookupError && cause.reason === 'malformed';
}

function isTimeout(cause: unknown): boolean {
  return cause instanceof LookupError && cause.reason === 'timeout';
}

/** Whether the directory answered the last request. A faulty implementation counts as unreachable. */
function isReady(directory: Pick<Directory, 'isReady'>): boolean {
  try {
    return directory.isReady() === true;
  } catch {
    return false;
  }
}

/** Ignore failures of audit records, which the audit trail reports itself. */
function ignoreFailure(): void {}
