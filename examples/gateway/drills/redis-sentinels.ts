import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { findFreePort } from './find-free-port.js';
import type { Environment } from './gateway-process.js';
import { type RedisServer, startRedis } from './redis-server.js';
import { type RunningProgram, startCommand } from './start-command.js';

const NAME = 'gateway';
const SENTINELS = 3;
const REPLICAS = 2;
const QUORUM = 2;

/** A replica does not wait for others that could require the same snapshot. */
const REPLICATING = ['--save', '', '--repl-diskless-sync-delay', '0', '--min-replicas-to-write', '1'];

/** A primary of Redis with two replicas, and three Sentinels. */
export interface SentinelGroup {
  /** Settings of the gateways. */
  readonly settings: Environment;
  /** Variables for the blocks of runbooks. */
  readonly environment: Environment;
  /** Returns the port of the primary that the first Sentinel knows. */
  readPrimaryPort(): Promise<number>;
  /** Resolves once both other servers are replicas of the primary. */
  untilReplicated(): Promise<void>;
  /** Ends the primary by SIGKILL. */
  killPrimary(): Promise<void>;
  /** Ends all processes. */
  dispose(): Promise<void>;
}

/** Starts all processes. Resolves once the Sentinels know each other and the replicas. */
export async function startSentinels(directory: string): Promise<SentinelGroup> {
  const programs: RunningProgram[] = [];
  const servers: RedisServer[] = [];
  const dispose = async (): Promise<void> => {
    for (const program of programs) program.process.kill('SIGKILL');
    await Promise.all(programs.map(({ ended }) => ended));
    await Promise.all(servers.map((server) => server.dispose()));
  };
  try {
    const primary = await startRedis(REPLICATING);
    servers.push(primary);
    for (let replica = 0; replica < REPLICAS; replica += 1) {
      servers.push(await startRedis([...REPLICATING, '--replicaof', `127.0.0.1 ${primary.port}`]));
    }
    await untilReplicated(primary.port, REPLICAS);
    const ports: number[] = [];
    for (let sentinel = 0; sentinel < SENTINELS; sentinel += 1) {
      const port = await findFreePort();
      programs.push(await startSentinel(join(directory, `sentinel-${sentinel}`), port, primary.port));
      ports.push(port);
    }
    for (const port of ports) await untilComplete(port);
    const addresses = ports.map((port) => `127.0.0.1:${port}`);
    const readPrimaryPort = async (): Promise<number> => {
      const address = await command(ports[0] ?? 0, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME);
      return Number([address].flat()[1]);
    };
    return {
      settings: { REDIS_SENTINELS: addresses.join(','), REDIS_SENTINEL_NAME: NAME },
      environment: { SENTINELS: addresses.join(' '), SENTINEL_NAME: NAME },
      readPrimaryPort,
      untilReplicated: async () => untilReplicated(await readPrimaryPort(), REPLICAS),
      async killPrimary() {
        const port = await readPrimaryPort();
        await servers.find((server) => server.port === port)?.kill();
      },
      dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function startSentinel(directory: string, port: number, primaryPort: number): Promise<RunningProgram> {
  const file = join(directory, 'sentinel.conf');
  const lines = [
    ...[`port ${port}`, 'bind 127.0.0.1', `dir ${directory}`],
    `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} ${QUORUM}`,
    `sentinel failover-timeout ${NAME} 2000`,
    `sentinel parallel-syncs ${NAME} ${REPLICAS}`,
  ];
  await mkdir(directory, { recursive: true });
  await writeFile(file, `${lines.join('\n')}\n`);
  const { PATH = '' } = process.env;
  return startCommand(['redis-server', file, '--sentinel'], { PATH }, directory);
}

/** Resolves once a Sentinel knows the other Sentinels and the replicas. */
async function untilComplete(port: number): Promise<void> {
  for (;;) {
    const entry = [await command(port, 'SENTINEL', 'MASTER', NAME)].flat().map(String);
    const numberOf = (member: string): number => Number(entry[entry.indexOf(member) + 1]);
    if (numberOf('num-slaves') === REPLICAS && numberOf('num-other-sentinels') === SENTINELS - 1) return;
    await pause(50);
  }
}

async function untilReplicated(port: number, replicas: number): Promise<void> {
  for (;;) {
    const state = String(await command(port, 'INFO', 'replication'));
    if (Number(/min_slaves_good_slaves:(\d+)/.exec(state)?.[1]) >= replicas) return;
    await pause(50);
  }
}

/** Sends one command. While the server starts, the reply is `undefined`. */
async function command(port: number, name: string, ...args: readonly string[]): Promise<unknown> {
  const client = new Redis(port, '127.0.0.1', { retryStrategy: null, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  try {
    return await client.call(name, [...args]);
  } catch {
    return undefined;
  } finally {
    client.disconnect();
  }
}
