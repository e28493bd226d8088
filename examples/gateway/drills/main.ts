import { parseArgs } from 'node:util';
import type { DrillResult } from './drill.js';
import { DRILLS } from './drills.js';
import { formatFigures } from './format-figures.js';
import { failuresOf, runDrill } from './run-drill.js';

const HELP = `Usage: npm run drill -- [options]

Runs the runbooks of the gateway on gateway processes under load, and prints the measured times.

Options:
  --only NAME  run this drill; repeatable
  --json       print one line of JSON instead of the table
  --help       print this text

Drills:
${DRILLS.map(({ name, summary }) => `  ${name.padEnd(22)} ${summary}`).join('\n')}

Exit codes: 0 all checks pass, 1 a check fails, 2 the call is invalid, 130 a signal ended the drills.`;

/** Exit code of a program that SIGINT ends: 128 and the number of the signal. */
const INTERRUPTED = 130;

/** Runs the selected drills, and returns the exit code. Progress goes to standard error. */
async function main(args: readonly string[]): Promise<number> {
  const {
    only = [],
    json = false,
    help = false,
  } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  }).values;
  if (help) {
    console.log(HELP);
    return 0;
  }
  const unknown = only.filter((name) => DRILLS.every((drill) => drill.name !== name));
  if (unknown.length > 0)
    throw new TypeError(`Unknown drill ${unknown.join(', ')}: see --help for the names`);
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interruption.abort(new Error(`${signal} ended the drill`)));
  }
  const results: DrillResult[] = [];
  for (const drill of DRILLS.filter(({ name }) => only.length === 0 || only.includes(name))) {
    const log = (line: string) => console.error(`${drill.name}: ${line}`);
    if (drill.canRun?.() === false) {
      log(`SKIPPED: ${drill.summary}`);
      continue;
    }
    const result = await runDrill(drill, log, interruption.signal);
    if (interruption.signal.aborted) {
      log('interrupted: its processes have ended');
      process.exit(INTERRUPTED);
    }
    for (const failure of failuresOf(result, true)) log(`FAILED: ${failure}`);
    results.push(result);
  }
  console.log(json ? JSON.stringify({ drills: results }) : formatFigures(results));
  return results.every((result) => failuresOf(result, true).length === 0) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof TypeError ? error.message : error);
  process.exitCode = 2;
}
