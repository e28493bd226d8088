import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { findFreePort } from './find-free-port.js';

/** `redis-server` process on a free port of loopback. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  signal(signal: NodeJS.Signals): void;
  /** Ends the process by SIGKILL, like a crash. */
  kill(): Promise<void>;
  /** Starts the process again with the same port and directory. Resolves once Redis answers. */
  start(): Promise<void>;
  /** Removes all files of Redis. The next start is empty. */
  wipe(): Promise<void>;
  /** Sends a command, and resolves with the reply. */
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** Copies the files of Redis. The result restores them. Redis must not run during either. */
  backUp(): Promise<() => Promise<void>>;
  /** Ends the process, and removes its directory. */
  dispose(): Promise<void>;
}

/**
 * Starts Redis.
 *
 * @param settings further arguments, for example `--appendonly yes`. Default: no persistence.
 */
export async function startRedis(settings: readonly string[] = ['--save', '']): Promise<RedisServer> {
  const port = await findFreePort();
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-redis-'));
  let child: ChildProcess | undefined;

  const server: RedisServer = {
    port,
    url: `redis://127.0.0.1:${port}`,
    signal: (signal) => void child?.kill(signal),
    async kill() {
      if (child === undefined) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      child = undefined;
    },
    async start() {
      const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory];
      child = spawn('redis-server', [...place, ...settings], { stdio: 'ignore' });
      await once(child, 'spawn');
      await untilPong(port, child);
    },
    async wipe() {
      await rm(directory, { recursive: true });
      await mkdir(directory);
    },
    async command(name, ...args) {
      const client = new Redis(server.url);
      try {
        return await client.call(name, [...args]);
      } finally {
        client.disconnect();
      }
    },
    async backUp() {
      const backup = `${directory}-backup`;
      await cp(directory, backup, { recursive: true });
      return async () => {
        await server.wipe();
        await cp(backup, directory, { recursive: true });
        await rm(backup, { recursive: true });
      };
    },
    async dispose() {
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

async function untilPong(port: number, child: ChildProcess): Promise<void> {
  while (!(await isAnswering(port))) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether Redis answers PING with PONG. While Redis loads its files, it does not. */
function isAnswering(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(String(data).startsWith('+PONG'));
    });
    socket.once('error', () => resolve(false));
  });
}
