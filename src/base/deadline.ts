/** Longest time that a timer of Node takes. A longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for a promise until a deadline. A result or a failure after the deadline is ignored.
 *
 * @param onTimeout returns the result for a promise that is late, or throws.
 * @example
 * const set = await deadline(source.load(), 5000, () => {
 *   throw new Error('No answer within 5 s');
 * });
 */
export async function deadline<Result>(
  pending: Promise<Result>,
  timeoutMs: number,
  onTimeout: () => Result,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(timeoutMs, MAX_TIMER_MS));
  });
  try {
    return await Promise.race([pending, timeout.then(onTimeout)]);
  } finally {
    clearTimeout(timer);
  }
}
