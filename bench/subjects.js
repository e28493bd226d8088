import { performance } from 'node:perf_hooks';

/** @typedef {import('./measure.js').Subject} Subject */

/** Long enough for many garbage collections per sample, so that each subject pays for its own. */
const SAMPLE_MS = 80;

/**
 * Measures a synchronous function.
 * @param {string} name
 * @param {() => unknown} perform
 * @returns {Subject}
 */
export function synchronous(name, perform) {
  return timed(name, (operations) => {
    for (let done = 0; done < operations; done += 1) perform();
  });
}

/**
 * Awaits each call before the next: the latency of one request.
 * @param {string} name
 * @param {() => Promise<unknown>} perform
 * @returns {Subject}
 */
export function oneAtATime(name, perform) {
  return inFlight(name, perform, 1);
}

/**
 * Keeps several calls in flight: the throughput of a server that uses the thread pool.
 * @param {string} name
 * @param {() => Promise<unknown>} perform
 * @param {number} concurrency
 * @returns {Subject}
 */
export function inFlight(name, perform, concurrency) {
  return timed(name, async (operations) => {
    let left = operations;
    const work = async () => {
      while (left > 0) {
        left -= 1;
        await perform();
      }
    };
    await Promise.all(Array.from({ length: concurrency }, work));
  });
}

/**
 * @param {string} name
 * @param {(operations: number) => void | Promise<void>} run
 * @returns {Subject}
 */
function timed(name, run) {
  let operations = 0;
  return {
    name,
    async sample() {
      if (operations === 0) operations = await calibrate(run);
      return { 'µs/op': ((await time(run, operations)) * 1000) / operations };
    },
  };
}

/**
 * Finds the number of operations that fill a sample, and warms up the compiler.
 * @param {(operations: number) => void | Promise<void>} run
 */
async function calibrate(run) {
  let operations = 64;
  let elapsedMs = await time(run, operations);
  while (elapsedMs < SAMPLE_MS / 2) {
    operations *= 2;
    elapsedMs = await time(run, operations);
  }
  return Math.ceil((operations * SAMPLE_MS) / elapsedMs);
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
