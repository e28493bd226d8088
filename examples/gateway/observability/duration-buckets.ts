/** Returns histogram buckets in seconds, from a cached answer to a long stream. They contain the usual objectives. */
export function durationBuckets(): number[] {
  return [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];
}
