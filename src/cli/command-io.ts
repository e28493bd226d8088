import { text } from 'node:stream/consumers';
import type { Clock } from '../base/clock.js';

/** What a command line program reads and writes; tests have their own. */
export interface CommandIo {
  readonly directory: string;
  /** Writes to standard output. */
  print(line: string): void;
  /** Writes to standard error, so that scripts can read the other. */
  note(line: string): void;
  /** All of standard input. */
  readInput(): Promise<string>;
  readonly clock: Clock;
}

/** The program as it is called from a shell. */
export const processIo: CommandIo = {
  directory: process.cwd(),
  print: (line) => void process.stdout.write(`${line}\n`),
  note: (line) => void process.stderr.write(`${line}\n`),
  readInput: () => text(process.stdin),
  clock: () => Date.now() / 1000,
};
