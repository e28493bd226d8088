/** Maximum delay of a Node timer in milliseconds. A timer with a longer delay fires immediately. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Wait at most `timeoutMs` milliseconds for a promise. A later result or failure is ignored.
 *
 * @param onTimeout called at the deadline. Returns a fallback result, or throws.
 * @throws the failure of the promise, or the error that `onTimeout` throws (as rejection).
 * @example
 * const set = await deadline(source.load(), 5000, () => {
 *   throw new Error('The key source did not respond within 5 s');
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
