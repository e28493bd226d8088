import { performance } from 'node:perf_hooks';

/** @typedef {import('./measure.js').Subject} Subject */

/**
 * How to time a subject.
 * @typedef {object} Timing
 * @property {string} unit
 * @property {() => number} now returns milliseconds
 * @property {number} sampleMs duration of a sample
 */

/**
 * Elapsed time. A sample is long enough for many garbage collections, so that each subject pays for its own.
 * @type {Timing}
 */
const ELAPSED = { unit: 'µs/op', now: () => performance.now(), sampleMs: 80 };

/**
 * CPU time of all threads, which other processes affect less. Its samples are short, for scenarios with many subjects.
 * @type {Timing}
 */
export const CPU_TIME = { unit: 'CPU µs/op', now: readCpuMs, sampleMs: 25 };

function readCpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Measures a synchronous function.
 * @param {string} name
 * @param {() => unknown} perform
 * @param {Timing} [timing]
 * @returns {Subject}
 */
export function synchronous(name, perform, timing = ELAPSED) {
  const run = (operations) => {
    for (let done = 0; done < operations; done += 1) perform();
  };
  return timed(name, run, timing);
}

/**
 * Awaits each call before the next: the latency of one request.
 * @param {string} name
 * @param {() => Promise<unknown>} perform
 * @param {Timing} [timing]
 * @returns {Subject}
 */
export function oneAtATime(name, perform, timing = ELAPSED) {
  return inFlight(name, perform, 1, timing);
}

/**
 * Keeps several calls in flight: the throughput of a server that uses the thread pool.
 * @param {string} name
 * @param {() => Promise<unknown>} perform
 * @param {number} concurrency
 * @param {Timing} [timing]
 * @returns {Subject}
 */
export function inFlight(name, perform, concurrency, timing = ELAPSED) {
  const run = async (operations) => {
    let left = operations;
    const work = async () => {
      while (left > 0) {
        left -= 1;
        await perform();
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
  };
  return timed(name, run, timing);
}

/**
 * @param {string} name
 * @param {(operations: number) => void | Promise<void>} run
 * @param {Timing} timing
 * @returns {Subject}
 */
function timed(name, run, timing) {
  let operations = 0;
  return {
    name,
    async sample() {
      if (operations === 0) operations = await calibrate(run, timing);
      return { [timing.unit]: ((await time(run, operations, timing.now)) * 1000) / operations };
    },
  };
}

/**
 * Finds the number of operations that fill a sample, and warms up the compiler.
 * @param {(operations: number) => void | Promise<void>} run
 * @param {Timing} timing
 */
async function calibrate(run, { now, sampleMs }) {
  let operations = 64;
  let elapsedMs = await time(run, operations, now);
  while (elapsedMs < sampleMs / 2) {
    operations *= 2;
    elapsedMs = await time(run, operations, now);
  }
  return Math.ceil((operations * sampleMs) / elapsedMs);
}

/**
 * @param {(operations: number) => void | Promise<void>} run
 * @param {number} operations
 * @param {() => number} now
 */
async function time(run, operations, now) {
  const start = now();
  await run(operations);
  return now() - start;
}

/**
 * Returns the items in turn, endlessly.
 * @template Item
 * @param {readonly Item[]} items
 * @returns {() => Item}
 */
export function cycle(items) {
  let index = 0;
  return () => {
    const item = items[index];
    index = (index + 1) % items.length;
    return item;
  };
}
