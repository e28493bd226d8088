import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { type RunningProgram, startProgram } from '../support/processes.js';

const PROGRAM = 'test/support/programs/log-and-exit.ts';

const run = (end: string): RunningProgram => startProgram(PROGRAM, {}, { args: [end] });
const isWhole = ({ output }: RunningProgram): boolean =>
  Array.from({ length: 300 }, (_, index) => `line ${index + 1},`).every((line) => output().includes(line));

test.each(['exit', 'throw'])('all lines are written before the process ends by %s', async (end) => {
  const program = run(end);
  await program.ended;

  expect(isWhole(program)).toBe(true);
});

test('all lines are written while the process runs', async () => {
  const program = run('run');
  try {
    while (!isWhole(program)) await once(program.process.stdout ?? program.process, 'data');
  } finally {
    program.process.kill('SIGKILL');
  }
  await program.ended;

  expect(isWhole(program)).toBe(true);
});
