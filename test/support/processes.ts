import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Arguments of Node.js to run a TypeScript file. */
export const TYPESCRIPT = ['--import', new URL('programs/load-typescript.js', import.meta.url).href] as const;

/** Eight times so many ports, from the first on, are below 32768. */
const PORTS = 2_816;
const FIRST_PORT = 10_240;

let nextPort = randomInt(PORTS);

/** A program of ours that runs, with what it has printed so far. */
export interface RunningProgram {
  readonly process: ChildProcess;
  readonly output: () => string;
  /** Resolves with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

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

/** Runs a command with this environment alone. */
export function startCommand(
  [command, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  cwd = ROOT,
): RunningProgram {
  const child = spawn(command, args, { cwd, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const ended = new Promise<number | string | null>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  return { process: child, output: () => output, ended };
}

/** Resolves once the program answers on a port; rejects where it ends before that. */
export async function untilListening(program: RunningProgram, port: number): Promise<void> {
  let running = true;
  void program.ended.then(() => {
    running = false;
  });
  while (running) {
    const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
    if (answer !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`The program ended: ${program.output()}`);
}

/**
 * A port that nothing listens on, and that nothing else gets before it is used: it is not among those of sockets that
 * take any (on Linux from 32768 on), up to eight processes of Jest have their own, and it comes again after all others.
 */
export async function findFreePort(): Promise<number> {
  const firstPort = FIRST_PORT + PORTS * (Number(process.env['JEST_WORKER_ID'] ?? 0) % 8);
  for (;;) {
    const port = firstPort + (nextPort % PORTS);
    nextPort += 1;
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
