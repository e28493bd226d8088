import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether scenarios with Redis can be measured. */
export const HAS_REDIS = spawnSync('redis-server', ['--version']).status === 0;

/** Maximum number of attempts to connect at start, 20 ms apart. */
const ATTEMPTS = 250;

/**
 * Starts a Redis server on a free loopback port, without persistence.
 * @returns {Promise<{ url: string, end: () => Promise<void> }>}
 */
export async function startRedis() {
  const port = await findFreePort();
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-bench-'));
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
  const child = spawn('redis-server', [...place, '--save', ''], { stdio: 'ignore' });
  await untilListening(port);
  return {
    url: `redis://127.0.0.1:${port}`,
    async end() {
      child.kill();
      await once(child, 'exit');
      await rm(directory, { recursive: true });
    },
  };
}

async function findFreePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** @param {number} port */
async function untilListening(port) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    const listens = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (listens) return;
    await sleep(20);
  }
  throw new Error('redis-server did not start within 5 s');
}
