import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { createLoadTest } from './http/load-test.js';
import { estimateMedian, measureScenario } from './measure.js';
import { describeRun } from './report.js';
import { REPEATED, toRequest } from './scenarios/guarded-route.js';
import { createFixture } from './token.js';

const USAGE = `Usage: npm --prefix bench run paired -- --base FOLDER [--rounds N] [--only TEXT] [--json]

  Compares the protected routes of docs/explain/performance.md with those of another checkout, in interleaved rounds of
  one run. The other checkout must be built, with \`npm ci\` done in its bench folder. Exits with 1 if a median worsens
  by more than 5 %.

  --base FOLDER  the other checkout.
  --rounds N     at least 6. Default: 20.
  --only TEXT    only routes whose name starts with TEXT: "HTTP, new tokens" or "HTTP, repeated tokens".
  --json         print one JSON object per line.`;

/** The subjects of the table in docs/explain/performance.md that run this package. */
const APPS = ['passport-jwe', 'passport-jwe, Passport'];

/** Tolerated worsening of a median, as a share. */
const TOLERANCE = 0.05;

const { values } = parseArgs({
  options: {
    base: { type: 'string' },
    rounds: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

if (values.base === undefined || !/^([6-9]|[1-9]\d{1,2})$/.test(values.rounds)) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  await comparePairs(values.base, { ...values, rounds: Number(values.rounds) });
}

/**
 * @param {string} base
 * @param {{ rounds: number, only: string, json: boolean }} options
 */
async function comparePairs(base, { rounds, only, json }) {
  const { tokens, material } = await createFixture();
  if (!json) console.log(describeRun(rounds, tokens[0].length));
  const routes = { 'HTTP, new tokens': tokens, 'HTTP, repeated tokens': tokens.slice(0, REPEATED) };
  for (const [name, used] of Object.entries(routes)) {
    if (!name.startsWith(only)) continue;
    const requests = used.map(toRequest);
    const candidates = APPS.flatMap((app) => [
      { name: `base: ${app}`, app, requests, program: serverOf(base) },
      { name: app, app, requests },
    ]);
    const scenario = await createLoadTest(name, candidates, material);
    const measurements = await measureScenario(scenario, rounds);
    for (const comparison of compareAll(name, measurements)) report(comparison, json);
  }
}

/** @param {string} base */
function serverOf(base) {
  return pathToFileURL(resolve(base, 'bench/http/serve.js')).href;
}

/**
 * @param {string} scenario
 * @param {readonly import('./measure.js').Measurement[]} measurements
 */
function compareAll(scenario, measurements) {
  const units = [...new Set(measurements.map(({ unit }) => unit))];
  return APPS.flatMap((app) =>
    units.map((unit) => {
      const samplesOf = (subject) =>
        measurements.find((each) => each.subject === subject && each.unit === unit).samples;
      const before = samplesOf(`base: ${app}`);
      const ratios = samplesOf(app).map((sample, round) => sample / before[round]);
      return { scenario, subject: app, unit, ...estimateMedian(ratios) };
    }),
  );
}

/**
 * @param {{ scenario: string, subject: string, unit: string, median: number, low: number, high: number }} comparison
 * @param {boolean} json
 */
function report(comparison, json) {
  const { scenario, subject, unit, median, low, high } = comparison;
  const isWorse = unit === 'req/s' ? median < 1 - TOLERANCE : median > 1 + TOLERANCE;
  if (isWorse) process.exitCode = 1;
  if (json) return console.log(JSON.stringify({ ...comparison, isWorse }));
  const figures = `${median.toFixed(3)} x [${low.toFixed(3)}, ${high.toFixed(3)}]`;
  console.log(`${scenario}; ${subject}; ${unit}: ${figures}${isWorse ? '  WORSE' : ''}`);
}
