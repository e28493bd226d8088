import { text } from 'node:stream/consumers';
import type { Clock } from '../base/clock.js';

/** Input, output and clock of the command line. Tests inject their own. */
export interface CommandIo {
  /** Directory that relative paths refer to. */
  readonly directory: string;
  /** Write a line of the result to standard output. */
  print(line: string): void;
  /** Write a message to standard error, so that scripts can parse standard output. */
  note(line: string): void;
  /** Read standard input to its end. */
  readInput(): Promise<string>;
  readonly clock: Clock;
}

/** Standard streams, working directory and system clock of the process. */
export const processIo: CommandIo = {
  directory: process.cwd(),
  print: (line) => void process.stdout.write(`${line}\n`),
  note: (line) => void process.stderr.write(`${line}\n`),
  readInput: () => text(process.stdin),
  clock: () => Date.now() / 1000,
};
