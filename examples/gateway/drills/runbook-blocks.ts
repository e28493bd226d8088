import { readFile } from 'node:fs/promises';
import { nowMs } from './drill.js';
import { readFencedBlocks } from './fenced-blocks.js';
import type { Environment } from './gateway-process.js';
import { startCommand } from './start-command.js';

/** Returns the URL of a runbook. */
export function runbookUrl(runbook: string): URL {
  return new URL(`../runbooks/${runbook}.md`, import.meta.url);
}

/** Reads the blocks of a runbook below comments such as `<!-- drill: revoke-api-key -->`, by name. */
export async function readRunbookBlocks(runbook: string): Promise<ReadonlyMap<string, string>> {
  const page = `${runbook}.md`;
  const blocks = readFencedBlocks(new Map([[page, await readFile(runbookUrl(runbook), 'utf8')]]));
  return new Map(
    blocks.flatMap(({ claim, code }) => (claim?.kind === 'drill' ? [[claim.value, code] as const] : [])),
  );
}

/**
 * Runs commands with bash, which stops at the first failure.
 *
 * @throws Error (as rejection) if the exit code is not 0.
 */
export async function runCommands(code: string, environment: Environment, directory: string) {
  const startedAt = nowMs();
  const program = startCommand(['bash', '--norc', '-euo', 'pipefail', '-c', code], environment, directory);
  program.process.stdin?.end();
  const status = await program.ended;
  if (status !== 0) throw new Error(`The commands ended with ${status}: ${program.output()}`);
  return { output: program.output(), startedAt, endedAt: nowMs() };
}
