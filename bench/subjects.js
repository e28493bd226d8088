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
 * Awaits each call before the next. Each call consumes an item that is used once, such as a DPoP proof. The items of a
 * sample are created before its measurement.
 * @template Item
 * @param {string} name
 * @param {(count: number) => Promise<readonly Item[]>} supply
 * @param {(item: Item) => Promise<unknown>} perform
 * @param {Timing} timing
 * @returns {Subject}
 */
export function consuming(name, supply, perform, timing = ELAPSED) {
  const run = async (_operations, items) => {
    for (const item of items) await perform(item);
  };
  return timed(name, run, timing, supply);
}

/**
 * Performs a number of operations, with the items of the sample if there are any.
 * @typedef {(operations: number, items: readonly any[]) => void | Promise<void>} Run
 */

/** @typedef {(count: number) => Promise<readonly any[]>} Supply */

/**
 * @param {string} name
 * @param {Run} run
 * @param {Timing} timing
 * @param {Supply} [supply]
 * @returns {Subject}
 */
function timed(name, run, timing, supply = async () => []) {
  let operations = 0;
  const time = async (count) => {
    const items = await supply(count);
    const start = timing.now();
    await run(count, items);
    return timing.now() - start;
  };
  return {
    name,
    async sample() {
      if (operations === 0) operations = await calibrate(time, timing);
      return { [timing.unit]: ((await time(operations)) * 1000) / operations };
    },
  };
}

/**
 * Finds the number of operations that fill a sample, and warms up the compiler.
 * @param {(operations: number) => Promise<number>} time returns milliseconds
 * @param {Timing} timing
 */
async function calibrate(time, { sampleMs }) {
  let operations = 64;
  let elapsedMs = await time(operations);
  while (elapsedMs < sampleMs / 2) {
    operations *= 2;
    elapsedMs = await time(operations);
  }
  return Math.ceil((operations * sampleMs) / elapsedMs);
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
