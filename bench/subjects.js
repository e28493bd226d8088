/**
 * What is measured: something that can be done any number of times.
 * @typedef {object} Subject
 * @property {string} name
 * @property {(operations: number) => void | Promise<void>} run
 */

/**
 * Calls a function that returns no promise.
 * @param {string} name
 * @param {() => unknown} perform
 * @returns {Subject}
 */
export function synchronous(name, perform) {
  return {
    name,
    run(operations) {
      for (let done = 0; done < operations; done += 1) perform();
    },
  };
}

/**
 * Awaits each call before the next: the latency that one request sees.
 * @param {string} name
 * @param {() => Promise<unknown>} perform
 * @returns {Subject}
 */
export function oneAtATime(name, perform) {
  return inFlight(name, perform, 1);
}

/**
 * Keeps several calls under way: the throughput of a server that uses the thread pool.
 * @param {string} name
 * @param {() => Promise<unknown>} perform
 * @param {number} concurrency
 * @returns {Subject}
 */
export function inFlight(name, perform, concurrency) {
  return {
    name,
    async run(operations) {
      let left = operations;
      const work = async () => {
        while (left > 0) {
          left -= 1;
          await perform();
        }
      };
      await Promise.all(Array.from({ length: concurrency }, work));
    },
  };
}

/**
 * Hands out the items in turn, for ever.
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
