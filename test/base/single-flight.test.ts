import { expect, test } from '@jest/globals';
import { createSingleFlight } from '../../src/base/single-flight.js';

test('concurrent callers share one run, and the next caller starts another', async () => {
  let runs = 0;
  const flight = createSingleFlight(async (name: string) => {
    runs += 1;
    return `${name} ${runs}`;
  });

  expect(await Promise.all([flight.run('first'), flight.run('second')])).toEqual(['first 1', 'first 1']);
  expect(await flight.run('third')).toBe('third 2');
});

test('concurrent callers share a failure, and the next caller starts another run', async () => {
  let runs = 0;
  const flight = createSingleFlight(async () => {
    runs += 1;
    if (runs === 1) throw new Error('failed');
    return runs;
  });

  const outcomes = await Promise.allSettled([flight.run(), flight.run()]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await flight.run()).toBe(2);
});

test('the run in flight shows until it settles', async () => {
  const flight = createSingleFlight(async () => 'result');
  expect(flight.pending).toBeUndefined();
  const run = flight.run();
  expect(flight.pending).toBe(run);
  await run;
  expect(flight.pending).toBeUndefined();
});
