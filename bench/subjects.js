import { performance } from 'node:perf_hooks';

/** @typedef {import('./measure.js').Subject} Subject */

/** Default duration of a sample. Long enough for many garbage collections, so that each subject pays for its own. */
const SAMPLE_MS = 80;

/**
 * Measures a synchronous function.
 * @param {string} name
 * @param {() => unknown} perform
 * @param {number} [sampleMs]
 * @returns {Subject}
 */
export function synchronous(name, perform, sampleMs) {
  const run = (operations) => {
    for (let done = 0; done < operations; done += 1) perform();
  };
  return timed(name, run, sampleMs);
}

/**
 * Awaits each call before the next: the latency of one request.
 * @param {string} name
 * @param {() => Promise<unknown>} perform
 * @param {number} [sampleMs]
 * @returns {Subject}
 */
export function oneAtATime(name, perform, sampleMs) {
  return inFlight(name, perform, 1, sampleMs);
}

/**
 * Keeps several calls in flight: the throughput of a server that uses the thread pool.
 * @param {string} name
 * @param {() => Promise<unknown>} perform
 * @param {number} concurrency
 * @param {number} [sampleMs]
 * @returns {Subject}
 */
export function inFlight(name, perform, concurrency, sampleMs) {
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
  return timed(name, run, sampleMs);
}

/**
 * @param {string} name
 * @param {(operations: number) => void | Promise<void>} run
 * @param {number} [sampleMs] duration of a sample
 * @returns {Subject}
 */
function timed(name, run, sampleMs = SAMPLE_MS) {
  let operations = 0;
  return {
    name,
    async sample() {
      if (operations === 0) operations = await calibrate(run, sampleMs);
      return { 'µs/op': ((await time(run, operations)) * 1000) / operations };
    },
  };
}

/**
 * Finds the number of operations that fill a sample, and warms up the compiler.
 * @param {(operations: number) => void | Promise<void>} run
 * @param {number} sampleMs
 */
async function calibrate(run, sampleMs) {
  let operations = 64;
  let elapsedMs = await time(run, operations);
  while (elapsedMs < sampleMs / 2) {
    operations *= 2;
    elapsedMs = await time(run, operations);
  }
  return Math.ceil((operations * sampleMs) / elapsedMs);
}

/**
 * @param {(operations: number) => void | Promise<void>} run
 * @param {number} operations
 */
async function time(run, operations) {
  const start = performance.now();
  await run(operations);
  return performance.now() - start;
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
