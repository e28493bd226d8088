import { createServer } from 'node:net';
import { retry } from '../../base/retry.js';

/**
 * Maximum wait for the mutex. It is held for about a millisecond; a longer wait means a stuck holder or an overload.
 */
const MAX_WAIT_MS = 5000;

/** Maximum pause between two attempts. */
const MAX_PAUSE_MS = 2;

/** A mutex between processes. Resolves with a function that releases it; rejects if another process holds it for too long. */
export type Turnstile = () => Promise<() => void>;

/**
 * Creates a mutex that the processes of a machine acquire before the write mutex of LMDB. The latter alone keeps the
 * data consistent, but waiting for it blocks the event loop. If a waiter is killed as it wakes up, the others may sleep
 * until the next contention.
 *
 * The mutex is an abstract socket, which the kernel releases when its holder dies. Outside Linux there are none, and
 * the mutex has no effect.
 */
export function createTurnstile(name: string, maxWaitMs = MAX_WAIT_MS): Turnstile {
  if (process.platform !== 'linux') return async () => () => undefined;

  const take = async (): Promise<() => void> => {
    const turn = await listenTo(`\0${name}`);
    if (turn === 'taken') throw new Error('Another process holds the write mutex of the store for too long');
    return turn;
  };
  const terms = { firstPauseMs: MAX_PAUSE_MS, hasJitter: true, timeoutMs: maxWaitMs, keepsAlive: true };
  return () => retry(take, terms);
}

/** Errors that mean that abstract sockets are not available, rather than that the mutex is taken. */
const IMPOSSIBLE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EINVAL', 'EAFNOSUPPORT', 'EOPNOTSUPP']);

/** Resolves with the function that releases the mutex. It has no effect if abstract sockets are not available. */
function listenTo(path: string): Promise<'taken' | (() => void)> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(IMPOSSIBLE.has(error.code ?? '') ? () => undefined : 'taken'),
    );
    server.listen({ path, exclusive: true }, () => resolve(() => void server.close()));
  });
}
