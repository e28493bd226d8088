import { createServer } from 'node:net';
import { retry } from '../../base/retry.js';

/** Longest wait for a turn. Turns take about a millisecond, so somebody is stuck in one, or the machine is overloaded. */
const MAX_WAIT_MS = 5000;

/** Longest pause between two attempts. */
const MAX_PAUSE_MS = 2;

/** Resolves when it is the turn of this process; the function ends it. Rejects where it does not come in time. */
export type Turnstile = () => Promise<() => void>;

/**
 * Lets the processes of one machine through one at a time, before they take the mutex of LMDB, which alone keeps
 * the data right. A process that waits in that mutex blocks its event loop; and where one of several that wait is
 * killed just as it is woken, the others sleep on until two processes contend again. That happened to one in 60
 * random kills; with nobody waiting there it cannot, so nobody goes on without a turn. An abstract socket is the lock that the kernel opens when its
 * holder dies; where there are none, outside Linux, everybody goes on at once.
 */
export function createTurnstile(name: string, maxWaitMs = MAX_WAIT_MS): Turnstile {
  if (process.platform !== 'linux') return async () => () => undefined;

  const take = async (): Promise<() => void> => {
    const turn = await listenTo(`\0${name}`);
    if (turn === 'taken') throw new Error('Another process does not end its turn to write to LMDB');
    return turn;
  };
  const terms = { firstPauseMs: MAX_PAUSE_MS, hasJitter: true, timeoutMs: maxWaitMs, keepsAlive: true };
  return () => retry(take, terms);
}

/** What says that there can be no such socket here at all, rather than none at the moment. */
const IMPOSSIBLE: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EINVAL', 'EAFNOSUPPORT', 'EOPNOTSUPP']);

/** The function that ends it; one that does nothing where there can be no such socket at all. */
function listenTo(path: string): Promise<'taken' | (() => void)> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(IMPOSSIBLE.has(error.code ?? '') ? () => undefined : 'taken'),
    );
    server.listen({ path, exclusive: true }, () => resolve(() => void server.close()));
  });
}
