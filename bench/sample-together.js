/** @typedef {import('./measure.js').Subject} Subject */

/**
 * Creates subjects whose samples come from one measurement, for example of alternating requests.
 * @param {readonly string[]} names
 * @param {() => Promise<Record<string, Record<string, number>>>} measure returns a sample for each name
 * @returns {Subject[]}
 */
export function sampleTogether(names, measure) {
  let samples = Promise.resolve({});
  let left = new Set();
  return names.map((name) => ({
    name,
    async sample() {
      if (!left.delete(name)) {
        left = new Set(names);
        left.delete(name);
        samples = measure();
      }
      return (await samples)[name];
    },
  }));
}

/**
 * @param {readonly number[]} figures
 * @param {number} share for example 0.5 for the median
 */
export function percentileOf(figures, share) {
  const sorted = figures.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
