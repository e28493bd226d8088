import { parseArgs } from 'node:util';
import { checkRevocations, checkVerify } from './check.js';
import { measureScenario } from './measure.js';
import { describeRun, formatJsonLine, formatTable } from './report.js';
import { createDecryptScenario } from './scenarios/decrypt.js';
import { createEncryptScenario } from './scenarios/encrypt.js';
import { createRepeatedScenario } from './scenarios/repeated.js';
import { createRevocationScenarios } from './scenarios/revocations.js';
import { createVerifyScenario } from './scenarios/verify.js';
import { createFixture } from './token.js';

const USAGE = `Usage: npm run bench -- [--rounds N] [--json] [--check]

  --rounds N  measured rounds a scenario, at least 1. Default: 20.
  --json      print one JSON object a line, and no table (npm run --silent bench -- --json).
  --check     exit with 1 where verify, or what revocations add to it, is out of its bounds (bench/check.js).`;

const SCENARIOS = [
  createDecryptScenario,
  createVerifyScenario,
  createRepeatedScenario,
  createEncryptScenario,
  ...createRevocationScenarios,
];

const options = readArguments(process.argv.slice(2));
if (options === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  const measurements = await runScenarios(options);
  if (options.check) reportCheck(measurements);
}

/**
 * @param {string[]} args
 * @returns {{ rounds: number, json: boolean, check: boolean } | undefined} undefined where they make no sense
 */
function readArguments(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        rounds: { type: 'string', default: '20' },
        json: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
      },
    });
    const { rounds = '', json = false, check = false } = values;
    return /^[1-9]\d{0,3}$/.test(rounds) ? { rounds: Number(rounds), json, check } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Prints each scenario as soon as it is measured.
 * @param {{ rounds: number, json: boolean }} options
 */
async function runScenarios({ rounds, json }) {
  const fixture = await createFixture();
  if (!json) console.log(describeRun(rounds, fixture.tokens[0].length));
  const all = [];
  for (const createScenario of SCENARIOS) {
    const measurements = await measureScenario(await createScenario(fixture), rounds);
    console.log(json ? measurements.map(formatJsonLine).join('\n') : formatTable(measurements));
    all.push(...measurements);
  }
  return all;
}

/** @param {readonly import('./measure.js').Measurement[]} measurements */
function reportCheck(measurements) {
  const problems = [...checkVerify(measurements), ...checkRevocations(measurements)];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
