import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { nameOfFailure } from '../../base/name-of-failure.js';
import { retry } from '../../base/retry.js';

/** Age in milliseconds after which a lock counts as abandoned, even if a process has the ID in it. */
const STALE_MS = 10_000;

const PAUSE_MS = 25;

/** Outcome of a wait for a lock. Without members: the lock was not released in time. */
export interface LockResult<Found> {
  /** Result of another process, so that the lock is unnecessary. */
  readonly found?: Found | undefined;
  /** Release the acquired lock. */
  readonly release?: (() => Promise<void>) | undefined;
}

/**
 * Acquire a lock file, or wait for the result of the process that has the lock. The lock of a process that ended counts as
 * released. In rare cases, two processes acquire the lock at the same time: use it only to save work.
 *
 * @param find returns the result of another process. Called before each attempt.
 * @throws Error (as rejection) if the lock file cannot be written
 */
export async function acquireLock<Found>(
  file: string,
  timeoutMs: number,
  find: () => Promise<Found | undefined>,
): Promise<LockResult<Found>> {
  const busy = new Error('busy');
  const attempt = async (): Promise<LockResult<Found>> => {
    const found = await find();
    if (found !== undefined) return { found };
    if (await create(file)) return { release: () => rm(file, { force: true }) };
    if (await isAbandoned(file)) await rm(file, { force: true });
    throw busy;
  };
  const isRetryable = (failure: unknown): boolean => failure === busy;
  try {
    return await retry(attempt, { firstPauseMs: PAUSE_MS, timeoutMs, isRetryable, keepsAlive: true });
  } catch (failure) {
    if (failure === busy) return {};
    throw failure;
  }
}

/** @returns `false` if the file exists. */
async function create(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (failure) {
    if (nameOfFailure(failure) === 'EEXIST') return false;
    throw failure;
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(file);
    if (Math.abs(Date.now() - mtimeMs) > STALE_MS) return true;
    const text = await readFile(file, 'utf8');
    return /^[1-9]\d{0,9}$/.test(text) && !isRunning(Number(text));
  } catch (failure) {
    if (nameOfFailure(failure) === 'ENOENT') return false;
    throw failure;
  }
}

/** Whether a process exists. The signal 0 is not delivered. */
function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (failure) {
    return nameOfFailure(failure) !== 'ESRCH';
  }
}
