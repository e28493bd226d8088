/** Maximum delay of a Node timer. A timer with a longer delay fires immediately. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for a promise until a deadline. A result or a failure after the deadline is ignored.
 *
 * @param onTimeout returns the result to use after the deadline, or throws.
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
