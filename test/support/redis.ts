import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { describeWithPackages } from './describe-with-packages.js';
import { findFreePort } from './processes.js';

const areInstalled = spawnSync('redis-server', ['--version']).status === 0;

/** Run tests that need `redis-server`. Without it, print the skipped tests. */
export function describeWithRedis(name: string, tests: () => void): void {
  describeWithPackages({ packages: 'redis-server', areInstalled }, name, tests);
}

/** A `redis-server` process of its own, on a free port of loopback. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  signal(signal: NodeJS.Signals): void;
  /** Ends it by SIGKILL, as a crash would. */
  kill(): Promise<void>;
  /** Starts it again on the same port and directory; resolves once it answers. */
  start(): Promise<void>;
  /** Removes what it wrote, so that it starts empty. */
  wipe(): Promise<void>;
  /** Sends one command and returns what it answers. */
  command(name: string, ...args: readonly (string | number)[]): Promise<unknown>;
  /** Copies what it wrote; the result puts it back. Only while it is not running. */
  backUp(): Promise<() => Promise<void>>;
  /** Kills it and removes its directory. */
  dispose(): Promise<void>;
}

/** @param settings more arguments, such as `--appendonly yes`. Default: it keeps nothing on disk. */
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
      await untilAnswering(port, child);
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

/** Runs on a Redis of its own, which goes with it. */
export async function withRedis(run: (redis: RedisServer) => Promise<void>): Promise<void> {
  const redis = await startRedis();
  try {
    await run(redis);
  } finally {
    await redis.dispose();
  }
}

/** Three masters of one Redis Cluster, each with a third of the slots. */
export async function startRedisCluster(): Promise<readonly RedisServer[]> {
  const nodes: RedisServer[] = [];
  for (let node = 0; node < 3; node += 1) {
    const busPort = String(await findFreePort());
    nodes.push(await startRedis(['--save', '', '--cluster-enabled', 'yes', '--cluster-port', busPort]));
  }
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await promisify(execFile)('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
  for (const node of nodes) {
    while (!String(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok')) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return nodes;
}

async function untilAnswering(port: number, child: ChildProcess): Promise<void> {
  while (!(await isAnswering(port))) {
    if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Whether a PING is answered by PONG, which it is not while data are being loaded. */
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
