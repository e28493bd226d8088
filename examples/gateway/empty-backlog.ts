import type { Server } from 'node:net';

/** Time in milliseconds without a new connection after which the listener can close. */
const QUIET_MS = 50;

/** Time in milliseconds after which a turn of the event loop without a new connection suffices. */
const DEADLINE_MS = 1000;

/**
 * Resolves at a moment at which the backlog of the server is empty, and at which a new connection is improbable: after 50 ms
 * without one, or after a second. Close the listener in the same turn of the event loop. The kernel resets the connections that
 * wait in the backlog of a closed listener, with the requests that clients already sent on them.
 */
export function emptyBacklog(server: Server): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let turn: NodeJS.Immediate | undefined;
    const end = (): void => {
      server.off('connection', waitForQuiet);
      resolve();
    };
    // Node.js accepts a waiting connection before the next turn ends, and the connection cancels this wait.
    const waitForTurn = (): void => {
      turn = setImmediate(() => {
        turn = setImmediate(end);
      });
    };
    const waitForQuiet = (): void => {
      clearTimeout(timer);
      clearImmediate(turn);
      if (performance.now() > deadline) waitForTurn();
      else timer = setTimeout(waitForTurn, QUIET_MS);
    };
    server.on('connection', waitForQuiet);
    waitForQuiet();
  });
}
