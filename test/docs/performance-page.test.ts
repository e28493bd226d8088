import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from '@jest/globals';

const ROOT = new URL('../../', import.meta.url);
const PUBLISH = fileURLToPath(new URL('bench/publish.js', ROOT));
const TABLES = fileURLToPath(new URL('bench/route-tables.js', ROOT));

const read = (path: string) => readFile(new URL(path, ROOT), 'utf8');
const runModule = (code: string): string =>
  execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });

let rendered = { page: '', chart: '' };
beforeAll(() => {
  rendered = JSON.parse(
    runModule(`import { renderResults } from ${JSON.stringify(PUBLISH)};
      console.log(JSON.stringify(await renderResults()));`),
  );
});

/** A scenario with bare Express and a middleware that takes a share of its rate. */
function scenarioWith(scenario: string, share: number, rounds: number): object {
  const interval = [share - 0.05, share + 0.05];
  const bare = {
    subject: 'bare',
    unit: 'req/s',
    median: 10_000,
    ratioToBare: 1,
    bareInterval: [1, 1],
    parts: [],
  };
  const parts = [{ of: 'bare', ratioOfMedians: share, interval }];
  const guarded = { subject: 'guard', unit: 'req/s', median: share * 10_000, ratioToBare: share };
  const measurements = [bare, { ...guarded, bareInterval: interval, parts }];
  return { scenario, run: 'Node', date: '2026-11-30', rounds, measurements };
}

function formatRoutes(share: number, rounds = 15): string {
  const results = ['HTTP, new tokens', 'HTTP, repeated tokens'].map((name) =>
    scenarioWith(name, share, rounds),
  );
  return runModule(`import { formatRouteTables } from ${JSON.stringify(TABLES)};
    console.log(formatRouteTables(${JSON.stringify([{ name: 'Node 24', results }])}));`);
}

test('the tables and the chart are what the results in bench/results give', async () => {
  expect(rendered.page).toBe(await read('docs/explain/performance.md'));
  expect(rendered.chart).toBe(await read('docs/bench.svg'));
});

test('a guarded route has its rate, and its share with the interval', () => {
  expect(formatRoutes(0.8)).toContain('| guard | 8000 | 0.80 [0.75, 0.85] |');
});

test('a guarded route that may be as fast as bare Express has no figures', () => {
  expect(formatRoutes(0.97)).toContain('| guard | | not distinguishable from bare |');
  expect(formatRoutes(1.19)).toContain('| guard | | left out (below bare) |');
});

test('fewer than 15 rounds are not published', () => {
  expect(formatRoutes(0.8, 14)).not.toContain('guard');
});
