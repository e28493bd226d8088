import { parseArgs } from 'node:util';
import { checkDpop, checkRevocations, checkTrustedIssuers, checkVerify } from './check.js';
import { judgeGoals } from './goals.js';
import { measureScenario } from './measure.js';
import { keepResults, publishResults } from './publish.js';
import { HAS_REDIS } from './redis.js';
import { describeRun, formatJsonLine, formatTables } from './report.js';
import { MIN_ROUNDS } from './route-tables.js';
import { createLookupScenario, createVerifyAmongScenario } from './scenarios/api-keys.js';
import { createAttackScenario } from './scenarios/attacks.js';
import { createDecryptScenario } from './scenarios/decrypt.js';
import { createDirectoryScenario } from './scenarios/directory.js';
import { createBesideDpopScenario, createDpopScenario } from './scenarios/dpop.js';
import { createDpopRouteScenario } from './scenarios/dpop-route.js';
import { createEncryptScenario } from './scenarios/encrypt.js';
import {
  createGatewayChatScenario,
  createGatewayLargeScenario,
  createGatewayLoadScenario,
  LARGE_KINDS,
} from './scenarios/gateway-overhead.js';
import { createNewTokensScenario, createRepeatedTokensScenario } from './scenarios/guarded-route.js';
import { createImportScenario } from './scenarios/imports.js';
import { createKeyRingScenario } from './scenarios/key-rings.js';
import { createLimitsScenario } from './scenarios/limits.js';
import { createRedisStoreScenario } from './scenarios/redis-store.js';
import { createRepeatedScenario } from './scenarios/repeated.js';
import { createRevocationScenarios } from './scenarios/revocations.js';
import { createSizeScenario } from './scenarios/size.js';
import { createTokenEndpointScenario } from './scenarios/token-endpoint.js';
import { createBesideTrustedScenario, createTrustedIssuerScenarios } from './scenarios/trusted-issuers.js';
import { createVerifyScenario } from './scenarios/verify.js';
import { createFixture } from './token.js';

const USAGE = `Usage: npm run bench -- [--rounds N | --quick] [--only TEXT] [--json] [--write] [--publish]
                            [--check] [--check-all]

  --rounds N   measured rounds per scenario, at least 1. Default: 20.
  --quick      only 4 rounds.
  --only TEXT  only scenarios whose name starts with TEXT: decrypt, verify, encrypt, revoked, authenticate, trusted issuer,
               DPoP, directory, attacks, limits, import, size, gateway, HTTP.
  --json       print one JSON object per line instead of tables (npm run --silent bench -- --json).
  --write      save the results in bench/results, replacing those of the same scenarios, and write the chart and the
               tables of docs/explain/performance.md.
  --publish    --write with all scenarios of that page and 15 rounds, unless --rounds demands more. Takes up to 6
               minutes. Needs npm run build:gateway.
  --check      measure only verify, the cost of revocations, tokens of trusted issuers and DPoP, and exit with 1 if one
               exceeds its bounds (bench/check.js).
  --check-all  exit with 1 if a goal is missed (bench/goals.js).`;

const DEFAULT_ROUNDS = 20;
const QUICK_ROUNDS = 4;

/** Scenarios, by the prefix of their names. */
const SCENARIOS = [
  ['decrypt', createDecryptScenario],
  ['verify', createVerifyScenario],
  ['verify, repeated', createRepeatedScenario],
  ['encrypt', createEncryptScenario],
  ...createRevocationScenarios.map((create) => ['revoked', create]),
  ['verify, API keys', createVerifyAmongScenario],
  ['authenticate, API keys', createLookupScenario],
  ['verify, key ring', createKeyRingScenario],
  ['verify, trusted issuers', createBesideTrustedScenario],
  ...createTrustedIssuerScenarios.map((create) => ['trusted issuer', create]),
  ['DPoP', createDpopScenario],
  ['DPoP, bearer tokens', createBesideDpopScenario],
  ['DPoP, route', createDpopRouteScenario],
  ['directory', createDirectoryScenario],
  ['attacks', createAttackScenario],
  ['limits', createLimitsScenario],
  ['import', createImportScenario],
  ['size', createSizeScenario],
  ['gateway, small chat', () => createGatewayChatScenario(false)],
  ['gateway, small chat, stream', () => createGatewayChatScenario(true)],
  ['gateway, 32 connections', createGatewayLoadScenario],
  ...LARGE_KINDS.map((kind) => [`gateway, 10 MB, ${kind}`, () => createGatewayLargeScenario(kind)]),
  ['HTTP, new tokens', createNewTokensScenario],
  ['HTTP, repeated tokens', createRepeatedTokensScenario],
  ['HTTP, token endpoint', createTokenEndpointScenario],
  ...(HAS_REDIS ? [['HTTP, revocations', createRedisStoreScenario]] : []),
];

/** Scenarios of `--check`, which CI runs. */
const CHECKED = [
  'verify',
  'verify, trusted issuers',
  'trusted issuer',
  'DPoP',
  'DPoP, bearer tokens',
  'revoked',
];

/** Scenarios of `--publish`: those of docs/explain/performance.md. */
const PUBLISHED = /^(HTTP, (new|repeated) tokens|DPoP(, route)?|trusted issuer|directory|gateway, .*)$/;

let running = '';
process.once('SIGTERM', stop);

const options = readArguments(process.argv.slice(2));
if (options === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  const measurements = await runScenarios(options);
  reportGoals(measurements, options);
  if (options.check) reportCheck(measurements);
}

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {string} only
 * @property {boolean} json
 * @property {boolean} write
 * @property {boolean} publish
 * @property {boolean} check
 * @property {boolean} checkAll
 */

/**
 * @param {string[]} args
 * @returns {Options | undefined} undefined if they are invalid
 */
function readArguments(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        rounds: { type: 'string' },
        quick: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        json: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
        publish: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        'check-all': { type: 'boolean', default: false },
      },
    });
    const { quick, only, json, write, publish, check, 'check-all': checkAll } = values;
    const rounds = values.rounds ?? String(publish ? MIN_ROUNDS : DEFAULT_ROUNDS);
    const isKnown = SCENARIOS.some(([name]) => startsWith(name, only));
    // `--check` needs all of its scenarios.
    if (!/^[1-9]\d{0,3}$/.test(rounds) || !isKnown || (check && (write || only !== ''))) return undefined;
    const counted = quick ? QUICK_ROUNDS : Number(rounds);
    if (publish && (check || counted < MIN_ROUNDS)) return undefined;
    return { rounds: counted, only, json, write: write || publish, publish, check, checkAll };
  } catch {
    return undefined;
  }
}

/**
 * Prints each scenario as soon as it is measured.
 * @param {Options} options
 */
async function runScenarios(options) {
  const { rounds, json, write } = options;
  const fixture = await createFixture();
  const run = describeRun(rounds, fixture.tokens[0].length);
  if (!json) console.log(run);
  const all = [];
  for (const [name, createScenario] of SCENARIOS.filter(([name]) => isWanted(name, options))) {
    running = name;
    const measurements = await measureScenario(await createScenario(fixture), rounds);
    console.log(json ? measurements.map(formatJsonLine).join('\n') : formatTables(measurements));
    all.push(...measurements);
  }
  if (write) await writeResults(run, rounds, all);
  return all;
}

/** Prints the scenario that a time limit ended, and the resources that keep the process alive. */
function stop() {
  const resources = process.getActiveResourcesInfo().join(', ') || 'none';
  console.error(`SIGTERM during a scenario of the kind "${running}"; active resources: ${resources}`);
  process.exit(143);
}

/**
 * @param {string} name
 * @param {Options} options
 */
function isWanted(name, { only, publish, check }) {
  if (publish && !PUBLISHED.test(name)) return false;
  return check ? CHECKED.includes(name) : startsWith(name, only);
}

/**
 * @param {string} name
 * @param {string} text in any case
 */
function startsWith(name, text) {
  return name.toLowerCase().startsWith(text.toLowerCase());
}

/**
 * @param {string} run
 * @param {number} rounds
 * @param {readonly import('./measure.js').Measurement[]} all
 */
async function writeResults(run, rounds, all) {
  const measurements = all.map((each) => JSON.parse(formatJsonLine(each)));
  await keepResults({ run, rounds, date: new Date().toISOString().slice(0, 10), measurements });
  await publishResults();
}

/** @param {readonly import('./measure.js').Measurement[]} measurements */
function reportCheck(measurements) {
  const problems = [
    ...checkVerify(measurements),
    ...checkRevocations(measurements),
    ...checkTrustedIssuers(measurements),
    ...checkDpop(measurements),
  ];
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}

/**
 * @param {readonly import('./measure.js').Measurement[]} measurements
 * @param {Options} options
 */
function reportGoals(measurements, { json, checkAll }) {
  const verdicts = judgeGoals(measurements);
  if (!json) console.log(['', ...verdicts.map(({ text }) => text)].join('\n'));
  if (checkAll && verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
}
