import { createServer } from 'node:net';
import { retry } from '../../base/retry.js';

/**
 * Maximum wait for the mutex, in milliseconds. Processes hold it for about a millisecond, so a long wait means that a
 * process hangs or the machine is overloaded.
 */
const MAX_WAIT_MS = 5000;

/** Maximum pause between two attempts, in milliseconds. */
const MAX_PAUSE_MS = 2;

/**
 * Acquires a mutex between processes. Resolves with a function that releases the mutex.
 *
 * @throws Error (as rejection) if a different process does not release the mutex in time.
 */
export type Turnstile = () => Promise<() => void>;

/**
 * Create a mutex that the processes of a machine acquire before the write mutex of LMDB. The write mutex alone would
 * protect the data, but a process that waits for it blocks its event loop. If a waiting process is killed at the wrong
 * moment, other waiting processes may not wake up.
 *
 * The mutex is an abstract socket, which the kernel releases if the process exits. Only Linux has abstract sockets. On
 * other systems, the mutex has no effect.
 *
 * @param name name of the socket, unique for each store.
 * @param maxWaitMs maximum wait for the mutex, in milliseconds; default: 5000.
 */
export function createTurnstile(name: string, maxWaitMs = MAX_WAIT_MS): Turnstile {
  if (process.platform !== 'linux') return async () => () => undefined;

  const take = async (): Promise<() => void> => {
    const turn = await listenTo(`\0${name}`);
    if (turn === 'taken')
      throw new Error(
        'A process has held the write mutex of the store for too long: check for a hung process',
      );
    return turn;
  };
  const terms = { firstPauseMs: MAX_PAUSE_MS, hasJitter: true, timeoutMs: maxWaitMs, keepsAlive: true };
  return () => retry(take, terms);
}

/** Error codes for unavailable abstract sockets. Any other error means that the mutex is in use. */
const IMPOSSIBLE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EINVAL', 'EAFNOSUPPORT', 'EOPNOTSUPP']);

/**
 * Attempt to acquire the mutex. Resolve with the function that releases it, or with `taken`. If abstract sockets are
 * unavailable, the attempt succeeds and the function has no effect.
 */
function listenTo(path: string): Promise<'taken' | (() => void)> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(IMPOSSIBLE.has(error.code ?? '') ? () => undefined : 'taken'),
    );
    server.listen({ path, exclusive: true }, () => resolve(() => void server.close()));
  });
}
