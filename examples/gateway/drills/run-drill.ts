import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster } from './cluster.js';
import type { Check, Drill, DrillContext, DrillResult, Figure } from './drill.js';
import { readRunbookBlocks, runCommands } from './runbook-blocks.js';

/**
 * Runs a drill in a temporary directory, and ends all of its processes. An error of the drill is a failed check.
 *
 * @param log prints progress.
 * @param interruption ends the drill and its processes.
 */
export async function runDrill(
  drill: Drill,
  log: (line: string) => void,
  interruption?: AbortSignal,
): Promise<DrillResult> {
  const startedAt = performance.now();
  const directory = await mkdtemp(join(tmpdir(), 'passport-jwe-drill-'));
  const [figures, checks, blocks]: [Figure[], Check[], string[]] = [[], [], []];
  const disposals: (() => Promise<unknown>)[] = [];
  const available = await readRunbookBlocks(drill.runbook);

  const context: DrillContext = {
    directory,
    async startCluster(options) {
      const starting = startCluster(directory, options);
      // An interruption waits for the start, which disposes of its processes if it fails.
      disposals.push(() =>
        starting.then(
          (cluster) => cluster.dispose(),
          async () => undefined,
        ),
      );
      return starting;
    },
    async runBlock(name, environment) {
      const code = available.get(name);
      if (code === undefined) throw new Error(`${drill.runbook}.md has no block "${name}"`);
      log(`run ${name}`);
      blocks.push(name);
      return runCommands(code, { HOME: directory, ...environment }, directory);
    },
    measure: (figure) => void figures.push(figure),
    check: (name, isMet, detail) =>
      void checks.push({ name, isMet, ...(detail === undefined ? {} : { detail }) }),
    log,
    onEnd: (dispose) => void disposals.push(dispose),
  };
  try {
    await Promise.race([drill.run(context), ...(interruption ? [rejectOn(interruption)] : [])]);
  } catch (error) {
    context.check('the drill runs to its end', false, error instanceof Error ? error.message : String(error));
  } finally {
    for (const dispose of disposals.reverse()) await dispose();
    await rm(directory, { recursive: true, force: true });
  }
  const seconds = (performance.now() - startedAt) / 1000;
  return { name: drill.name, runbook: drill.runbook, seconds, figures, checks, blocks };
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/**
 * Returns the failed checks and the exceeded bounds of a drill.
 *
 * @param isQuiet whether to include the bounds that require a quiet machine.
 */
export function failuresOf({ figures, checks }: DrillResult, isQuiet: boolean): readonly string[] {
  const exceeded = figures.filter(
    ({ value, atMost = Number.POSITIVE_INFINITY, needsQuietMachine = false }) =>
      !(value <= atMost) && (isQuiet || !needsQuietMachine),
  );
  return [
    ...checks
      .filter(({ isMet }) => !isMet)
      .map(({ name, detail }) => (detail === undefined ? name : `${name}: ${detail}`)),
    ...exceeded.map(
      ({ name, value, unit, atMost }) => `${name}: ${Math.round(value)} ${unit}, above ${atMost}`,
    ),
  ];
}
