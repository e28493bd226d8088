import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { type RedisServer, startRedis } from '../../examples/gateway/drills/redis-server.js';
import { describeWithPackages } from './describe-with-packages.js';
import { findFreePort } from './processes.js';

export { type RedisServer, startRedis };

const areInstalled = spawnSync('redis-server', ['--version']).status === 0;

/** Run tests that need `redis-server`. Without it, print the skipped tests. */
export function describeWithRedis(name: string, tests: () => void): void {
  describeWithPackages({ packages: 'redis-server', areInstalled }, name, tests);
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
