import { fileURLToPath } from 'node:url';
import {
  type RunningProgram,
  startCommand as startAnyCommand,
  untilAnswering,
} from '../../examples/gateway/drills/start-command.js';

export { findFreePort } from '../../examples/gateway/drills/find-free-port.js';
export type { RunningProgram };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Arguments of Node.js to run a TypeScript file. */
export const TYPESCRIPT = ['--import', new URL('programs/load-typescript.js', import.meta.url).href] as const;

export interface ProgramSetting {
  /** Default: the root of the repository. */
  readonly cwd?: string;
  readonly args?: readonly string[];
}

/** Runs a program with the environment that it needs, and nothing of ours beside PATH and HOME. */
export function startProgram(
  file: string,
  environment: Readonly<Record<string, string>>,
  { cwd = ROOT, args = [] }: ProgramSetting = {},
): RunningProgram {
  const { PATH = '', HOME = '' } = process.env;
  const loader = /\.m?ts$/.test(file) ? TYPESCRIPT : [];
  const command = [process.execPath, ...loader, file, ...args] as const;
  return startCommand(command, { PATH, HOME, ...environment }, cwd);
}

/** Runs a command with this environment alone, by default in the root of the repository. */
export function startCommand(
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  cwd = ROOT,
): RunningProgram {
  return startAnyCommand(command, env, cwd);
}

/** Resolves once the program answers on a port; rejects where it ends before that. */
export function untilListening(program: RunningProgram, port: number): Promise<void> {
  return untilAnswering(program, `http://127.0.0.1:${port}/`);
}
