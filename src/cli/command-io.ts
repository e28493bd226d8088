import { text } from 'node:stream/consumers';
import type { Clock } from '../base/clock.js';

/** Input and output of the command line. Tests replace it. */
export interface CommandIo {
  readonly directory: string;
  /** Writes to standard output. */
  print(line: string): void;
  /** Writes to standard error, so that scripts can parse standard output. */
  note(line: string): void;
  /** Reads standard input to its end. */
  readInput(): Promise<string>;
  readonly clock: Clock;
}

/** Input and output of the process. */
export const processIo: CommandIo = {
  directory: process.cwd(),
  print: (line) => void process.stdout.write(`${line}\n`),
  note: (line) => void process.stderr.write(`${line}\n`),
  readInput: () => text(process.stdin),
  clock: () => Date.now() / 1000,
};
