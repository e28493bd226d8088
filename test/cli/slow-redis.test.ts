import { expect, test } from '@jest/globals';
import { setUpCommandLine } from '../support/command-line.js';
import { describeWithRedis, withRedis } from '../support/redis.js';

const { run } = setUpCommandLine(() => Math.floor(Date.now() / 1000));

describeWithRedis('the command line', () => {
  test('waits for a Redis that needs a second for a command', async () => {
    await withRedis(async (redis) => {
      await redis.command('CLIENT', 'PAUSE', 1000, 'WRITE');
      const { code, out } = await run([
        ...['token', 'revoke', '--client', 'demo', '--force', '--redis', redis.url],
      ]);

      expect(out).toContain('Revoked');
      expect(code).toBe(0);
    });
  });
});
