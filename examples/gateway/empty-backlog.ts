import type { Server } from 'node:net';

/** Longest turn of the event loop, in milliseconds, after which the backlog counts as empty. */
const SHORT_TURN_MS = 0.05;

/** Time in milliseconds after which a busy server stops waiting for a short turn. */
const DEADLINE_MS = 1000;

/**
 * Resolves once the server has accepted the connections in its backlog, or after a second. The kernel resets the remaining ones when the
 * listener closes, with the requests that clients already sent on them. Node.js accepts one connection in each turn of
 * the event loop, so a short turn without one means that none waits. Close the listener in the same turn.
 */
export function emptyBacklog(server: Server): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  return new Promise((resolve) => {
    let turnedAt = 0;
    let accepted = 0;
    const count = (): void => {
      accepted += 1;
    };
    const turn = (): void => {
      const now = performance.now();
      const isEmpty = accepted === 0 && now - turnedAt < SHORT_TURN_MS;
      if (isEmpty || now > deadline) {
        server.off('connection', count);
        resolve();
        return;
      }
      accepted = 0;
      turnedAt = now;
      setImmediate(turn);
    };
    server.on('connection', count);
    setImmediate(turn);
  });
}
