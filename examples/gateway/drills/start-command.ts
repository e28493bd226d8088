import { type ChildProcess, spawn } from 'node:child_process';

/** Running program with its output up to now. */
export interface RunningProgram {
  readonly process: ChildProcess;
  readonly output: () => string;
  /** Resolves with the exit code, or with the signal that ended the program. */
  readonly ended: Promise<number | string | null>;
}

/** Starts a command with only this environment. */
export function startCommand(
  [command, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  cwd: string,
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

/** Maximum time in milliseconds in which a server must answer, also on a busy machine. */
const PATIENCE_MS = 120_000;

/**
 * Resolves once a server answers at a URL.
 *
 * @param isExpected whether a status is the expected one. Default: every status is.
 * @throws Error (as rejection) if the program ends before, or after two minutes.
 */
export async function untilAnswering(
  program: RunningProgram,
  url: string,
  isExpected: (status: number) => boolean = () => true,
): Promise<void> {
  let running = true;
  void program.ended.then(() => {
    running = false;
  });
  const deadline = performance.now() + PATIENCE_MS;
  while (running && performance.now() < deadline) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined && isExpected(answer.status)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`The program ${running ? 'does not answer' : 'ended'}: ${program.output()}`);
}
