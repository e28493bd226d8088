import type { ChildProcess } from 'node:child_process';
import { connect } from 'node:net';

/** Waits until a server accepts connections on a port of loopback. Rejects if its process ends before that. */
export async function untilAccepting(port: number, child: ChildProcess): Promise<void> {
  while (!(await isAccepting(port))) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function isAccepting(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
