import { describe, expect, test } from '@jest/globals';
import type { Drill, DrillContext } from '../../examples/gateway/drills/drill.js';
import { formatFigures } from '../../examples/gateway/drills/format-figures.js';
import { failuresOf, runDrill } from '../../examples/gateway/drills/run-drill.js';
import { startProgram } from '../support/processes.js';

const run = (drill: (context: DrillContext) => Promise<void>) => {
  const sample: Drill = { name: 'sample', runbook: 'leaked-api-key', summary: '', run: drill };
  return runDrill(sample, () => {});
};

async function runCommand(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const program = startProgram('examples/gateway/drills/main.ts', environment, { args });
  return { code: await program.ended, output: program.output() };
}

describe('runDrill()', () => {
  test('reports an error of the drill as a failed check', async () => {
    const result = await run(() => Promise.reject(new Error('no Redis')));

    expect(failuresOf(result, false)).toEqual(['the drill runs to its end: no Redis']);
  });

  test('cleans up in reverse order after an error', async () => {
    const calls: string[] = [];
    await run(async ({ onEnd }) => {
      onEnd(async () => calls.push('first'));
      onEnd(async () => calls.push('second'));
      throw new Error('no Redis');
    });

    expect(calls).toEqual(['second', 'first']);
  });

  test('cleans up after an interruption, while the drill still runs', async () => {
    const calls: string[] = [];
    const interruption = new AbortController();
    const endless: Drill = {
      ...{ name: 'endless', runbook: 'leaked-api-key', summary: '' },
      run: ({ onEnd }) => {
        onEnd(async () => calls.push('ended'));
        interruption.abort(new Error('SIGTERM ended the drill'));
        return new Promise(() => {});
      },
    };
    const result = await runDrill(endless, () => {}, interruption.signal);

    expect(calls).toEqual(['ended']);
    expect(failuresOf(result, false)).toEqual(['the drill runs to its end: SIGTERM ended the drill']);
  });

  test('fails if the runbook does not contain the block', async () => {
    const result = await run(async ({ runBlock }) => void (await runBlock('unknown', {})));

    expect(failuresOf(result, false).join()).toContain('leaked-api-key.md has no block "unknown"');
  });

  test('fails if a command of a block fails, with its output', async () => {
    const { PATH = '' } = process.env;
    const result = await run(async ({ runBlock, directory }) => {
      await runBlock('deactivate-api-key', { PATH, KEY_ID: 'a', API_KEYS_DIR: directory });
    });

    expect(failuresOf(result, false).join()).toContain('The commands ended with 2: grep: ');
  });

  test('names the executed blocks, also a block that fails', async () => {
    const result = await run(async ({ runBlock }) => void (await runBlock('deactivate-api-key', {})));

    expect(result.blocks).toEqual(['deactivate-api-key']);
  });
});

describe('failuresOf()', () => {
  const figure = { name: 'cut-off', value: 1200, unit: 'ms', atMost: 1000 };

  test('contains figures above their bound, and failed checks', async () => {
    const result = await run(async ({ measure, check }) => {
      measure(figure);
      measure({ ...figure, name: 'failover', value: 1000 });
      measure({ name: 'requests', value: 5000, unit: '' });
      check('no token is rejected', false);
      check('the user can sign in again', true);
    });

    expect(failuresOf(result, false)).toEqual(['no token is rejected', 'cut-off: 1200 ms, above 1000']);
  });

  test('contains figures that need a quiet machine only on a quiet machine', async () => {
    const result = await run(async ({ measure }) => measure({ ...figure, needsQuietMachine: true }));

    expect(failuresOf(result, false)).toEqual([]);
    expect(failuresOf(result, true)).toEqual(['cut-off: 1200 ms, above 1000']);
  });
});

test('the table aligns the figures with their bounds, and lists failed checks', async () => {
  const result = await run(async ({ measure, check }) => {
    measure({ name: 'cut-off', value: 1200.4, unit: 'ms', atMost: 1000 });
    measure({ name: 'requests', value: 50, unit: '' });
    check('no token is rejected', false);
  });

  expect(formatFigures([{ ...result, seconds: 2.04 }]).split('\n')).toEqual([
    'drill   figure                 value    bound    result',
    'sample  cut-off                1200 ms  1000 ms  FAILED',
    'sample  requests               50',
    'sample  no token is rejected                     FAILED',
    'sample  duration of the drill  2.0 s',
  ]);
});

describe('npm run drill', () => {
  test('lists the drills with --help', async () => {
    const { code, output } = await runCommand(['--help']);

    expect(output).toMatch(/^ {2}leaked-api-key +deactivates an API key under attack/m);
    expect(code).toBe(0);
  });

  test.each([
    [['--only', 'unknown'], 'Unknown drill unknown'],
    [['--unknown'], "Unknown option '--unknown'"],
  ])('exits with 2 for %j', async (args, message) => {
    const { code, output } = await runCommand(args);

    expect(output).toContain(message);
    expect(code).toBe(2);
  });

  test('exits with 1 and prints JSON if a drill fails, for example without redis-server', async () => {
    const PATH = '/nonexistent';
    const { code, output } = await runCommand(['--only', 'leaked-api-key', '--json'], { PATH });

    expect(output).toContain('"isMet":false,"detail":"spawn redis-server ENOENT"');
    expect(code).toBe(1);
  });
});
