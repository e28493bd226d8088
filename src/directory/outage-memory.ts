import type { AuditTrail } from '../audit/record.js';
import type { DirectoryFailure } from '../audit/user-events.js';
import type { Clock, NumericDate } from '../base/clock.js';
import { deadline } from '../base/deadline.js';
import { TemporarilyUnavailableError } from '../base/errors.js';
import type { Directory } from './directory.js';
import { LookupError } from './lookup-error.js';

export interface OutageMemoryParts {
  /** Name of the directory. */
  readonly source: string;
  readonly directory: Pick<Directory, 'isReady'>;
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
   * Run a lookup. After a failure, lookups fail at once for two seconds. Then one lookup tries the directory, and the others
   * fail until it succeeds.
   *
   * @throws TemporarilyUnavailableError (as rejection) if the lookup fails, takes too long, or does not start
   */
  run<Answer>(lookup: () => Promise<Answer>): Promise<Answer>;
}

/** Time in seconds for which lookups fail at once. */
const REMEMBERED_SECONDS = 2;

/** Implementations have shorter timeouts, such as two seconds per LDAP server. */
const TIMEOUT_MS = 15_000;

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
  let isTrying = false;

  const succeed = (): void => {
    if (outage === undefined) return;
    outage = undefined;
    audit.record({ type: 'directory.reachable', directory: source }).catch(ignoreFailure);
  };

  const fail = (cause: unknown): void => {
    const isFirst = outage === undefined;
    outage = { cause, at: clock() };
    if (!isFirst) return;
    const reason: DirectoryFailure = cause instanceof LookupError ? cause.reason : 'failed';
    audit.record({ type: 'directory.unreachable', directory: source, reason }).catch(ignoreFailure);
  };

  const isRecent = ({ at }: Outage): boolean => {
    const age = clock() - at;
    return age >= 0 && age < REMEMBERED_SECONDS;
  };

  const timedOut = (): never => {
    throw new LookupError('timeout', `The directory ${source} did not answer within ${timeoutMs} ms`);
  };

  const attempt = async <Answer>(lookup: () => Promise<Answer>): Promise<Answer> => {
    try {
      const answer = await deadline(lookup(), timeoutMs, timedOut);
      succeed();
      return answer;
    } catch (cause) {
      // The answer about one person can be unusable, for example if two people have one name. Others are not affected.
      if (isTimeout(cause) || !isReady(directory)) fail(cause);
      else succeed();
      throw unavailable(cause);
    }
  };

  return {
    async run(lookup) {
      if (outage === undefined) return attempt(lookup);
      if (isTrying || isRecent(outage)) throw unavailable(outage.cause);
      isTrying = true;
      try {
        return await attempt(lookup);
      } finally {
        isTrying = false;
      }
    },
  };
}

function unavailable(cause: unknown): TemporarilyUnavailableError {
  return cause instanceof TemporarilyUnavailableError ? cause : new TemporarilyUnavailableError({ cause });
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
