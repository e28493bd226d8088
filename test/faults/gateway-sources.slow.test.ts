import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { setUpGatewayPrograms } from '../support/gateway-programs.js';
import { describeWithRedis, withRedis } from '../support/redis.js';

const { startAndWait, directory, dataDir } = setUpGatewayPrograms();

const PRELOADED = pathToFileURL('examples/gateway/drills/set-clock.js').href;

/** Sets the difference between the clock of the gateway and that of the machine. */
async function setClock(seconds: number): Promise<void> {
  await writeFile(join(directory(), 'next'), String(seconds));
  await rename(join(directory(), 'next'), join(directory(), 'clock'));
}

async function readReadiness(origin: string) {
  const answer = await fetch(`${origin}/readyz`);
  const { checks, details = [], warnings = [] } = JSON.parse(await answer.text());
  return { status: answer.status, checks, details, warnings: warnings.join() };
}

type Readiness = Awaited<ReturnType<typeof readReadiness>>;

async function until(origin: string, holds: (readiness: Readiness) => boolean): Promise<Readiness> {
  for (;;) {
    const readiness = await readReadiness(origin);
    if (holds(readiness)) return readiness;
    await pause(20);
  }
}

describeWithRedis('the clock of a gateway', () => {
  test('causes a warning from 1 s of skew against Redis, a 503 above 5 s, and one log line for each', async () => {
    await withRedis(async (redis) => {
      await setClock(0);
      const { origin, program } = await startAndWait({
        ...{ NODE_OPTIONS: `--import=${PRELOADED}`, CLOCK_FILE: join(directory(), 'clock') },
        ...{ REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '1000' },
        ...{ JWE_PASSPHRASE: 'correct horse battery staple', JWE_SALT: 'b2f6c1d09e3a4875' },
        ...{ ISSUER: 'https://gateway.example.com', AUDIENCE: 'https://gateway.example.com' },
      });
      expect(await readReadiness(origin)).toMatchObject({ status: 200, warnings: '' });

      await setClock(3);
      const warned = await until(origin, ({ warnings }) => warnings.includes('clock_skew'));
      expect([warned.status, warned.checks.clock]).toEqual([200, true]);

      await setClock(20);
      const failed = await until(origin, ({ checks }) => !checks.clock);
      expect(failed.status).toBe(503);
      expect(failed.details).toContainEqual(
        expect.objectContaining({ check: 'clock', reason: 'clock_skew' }),
      );

      await setClock(0);
      await until(origin, ({ status, warnings }) => status === 200 && warnings === '');
      const readLines = () =>
        [...program.output().matchAll(/^.*"check":"clock".*$/gm)].map(([line]) => JSON.parse(line));
      // The gateway writes the log in batches.
      while (readLines().length < 3) await pause(20);
      expect(readLines().map(({ level, reason }) => [level, reason])).toEqual([
        [40, 'clock_skew'],
        [50, 'clock_skew'],
        [30, undefined],
      ]);
    });
  });
});

test('a damaged key file causes a warning, and the gateway keeps its keys and stays ready', async () => {
  const { origin, program } = await startAndWait();
  const file = join(dataDir(), 'keys.json');
  const keys = await readFile(file, 'utf8');
  const replace = async (content: string) => {
    await writeFile(`${file}.next`, content, { mode: 0o600 });
    await rename(`${file}.next`, file);
  };
  await replace('{ "keys": [');
  const { status } = await until(origin, ({ warnings }) => warnings.includes('key_source_failed'));
  expect(status).toBe(200);
  await until(origin, () => program.output().includes('"reason":"key_source_failed"'));

  await replace(keys);
  await until(origin, ({ warnings }) => warnings === '');
  await until(origin, () => program.output().includes('health check recovered'));
  expect(program.output().match(/"reason":"key_source_failed"/g)).toHaveLength(1);
});
