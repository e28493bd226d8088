import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Eight times this number of ports, from the first on, are below 32768. */
const PORTS = 2_816;
const FIRST_PORT = 10_240;

let nextPort = randomInt(PORTS);

/**
 * Finds a port without a listener that no other process takes before its use. It is outside the range from which Linux
 * takes ports for connections, which begins at 32768. Up to eight processes of Jest use separate ranges. A port is
 * returned again only after all others.
 */
export async function findFreePort(): Promise<number> {
  const firstPort = FIRST_PORT + PORTS * (Number(process.env['JEST_WORKER_ID'] ?? 0) % 8);
  for (;;) {
    const port = firstPort + (nextPort % PORTS);
    nextPort += 1;
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
