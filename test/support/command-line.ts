import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { runCommandLine } from '../../src/cli/run-command-line.js';
import { NOW } from './tokens.js';

/** What a command came to. */
export interface CommandResult {
  readonly code: number;
  /** Standard output. */
  readonly out: string;
  /** Standard error. */
  readonly notes: string;
}

export interface CommandLine {
  directory(): string;
  run(args: readonly string[], input?: string): Promise<CommandResult>;
  /** The same, where it has to go well; what `--json` printed. */
  runJson(args: readonly string[], input?: string): Promise<unknown>;
}

/** The command line in a folder of its own, which is removed after the test. */
export function setUpCommandLine(clock = () => NOW): CommandLine {
  let directory = '';

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'passport-jwe-cli-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  const run = async (args: readonly string[], input = ''): Promise<CommandResult> => {
    const [out, notes]: [string[], string[]] = [[], []];
    const code = await runCommandLine(args, {
      directory,
      print: (line) => void out.push(line),
      note: (line) => void notes.push(line),
      readInput: async () => input,
      clock,
    });
    return { code, out: out.join('\n'), notes: notes.join('\n') };
  };
  return {
    directory: () => directory,
    run,
    async runJson(args, input) {
      const { code, out, notes } = await run([...args, '--json'], input);
      if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}: ${notes}${out}`);
      return JSON.parse(out);
    },
  };
}
