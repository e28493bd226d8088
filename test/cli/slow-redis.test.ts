import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { setUpCommandLine } from '../support/command-line.js';
import { describeWithRedis, withRedis } from '../support/redis.js';

const DELAY_MS = 300;

const { run } = setUpCommandLine(() => Math.floor(Date.now() / 1000));

/** Starts a proxy that delays each reply of Redis. */
async function startSlowProxy(target: number) {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const redis = connect(target, '127.0.0.1');
    for (const socket of [client, redis]) sockets.add(socket.on('error', () => socket.destroy()));
    client.on('data', (bytes) => void redis.write(bytes)).once('close', () => redis.destroy());
    redis.on('data', (bytes) => void setTimeout(() => client.write(bytes), DELAY_MS));
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `redis://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describeWithRedis('the command line', () => {
  test('waits for replies of a slow Redis', async () => {
    await withRedis(async ({ port }) => {
      const proxy = await startSlowProxy(port);
      const args = ['token', 'revoke', '--client', 'demo', '--force', '--redis', proxy.url];
      const { code, out } = await run(args);
      proxy.close();

      expect(out).toContain('Revoked');
      expect(code).toBe(0);
    });
  });
});
