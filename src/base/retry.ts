export interface RetryTerms {
  /** Pause before the first retry, in milliseconds. */
  readonly firstPauseMs: number;
  /** Each pause is twice as long as the one before, up to this. Default: as `firstPauseMs`, so all are equally long. */
  readonly longestPauseMs?: number;
  /** Whether pauses are cut to a random part of their length, so that competing processes get out of step. Default false. */
  readonly hasJitter?: boolean;
  /** Whether a pause precedes the first attempt, because the caller has made one before. Default false. */
  readonly startsWithPause?: boolean;
  /** Most retries. Default: no limit. */
  readonly retries?: number;
  /** No retry begins later than this, in milliseconds. Default: no limit. */
  readonly timeoutMs?: number;
  /** Whether a failure is worth a retry. Default: every failure. */
  readonly isRetryable?: (failure: unknown) => boolean;
  /** Called before the pause of each retry, which are numbered from 1. */
  readonly onRetry?: (failure: unknown, retry: number) => void;
  /** Ends the retries, also during a pause. */
  readonly signal?: AbortSignal;
  /** Whether pauses keep the process alive. Default false. */
  readonly keepsAlive?: boolean;
}

/**
 * Retries a step that fails, with exponential backoff, until it succeeds.
 *
 * @throws the last failure (as rejection) if the terms allow no further retry.
 * @throws the reason of `signal` (as rejection) if it is aborted before the next attempt.
 * @example
 * await retry(() => store.settle(step, used), { firstPauseMs: 250, longestPauseMs: 8000, retries: 6 });
 */
export async function retry<Result>(
  step: () => Result | Promise<Result>,
  terms: RetryTerms,
): Promise<Result> {
  const { firstPauseMs, longestPauseMs = firstPauseMs, hasJitter = false, startsWithPause = false } = terms;
  const { retries = Number.POSITIVE_INFINITY, timeoutMs = Number.POSITIVE_INFINITY, onRetry } = terms;
  const { isRetryable = () => true, keepsAlive = false, signal } = terms;
  const endsAt = performance.now() + timeoutMs;
  let pauseMs = Math.min(firstPauseMs, longestPauseMs);

  const pause = async (): Promise<void> => {
    await pauseFor(hasJitter ? Math.random() * pauseMs : pauseMs, keepsAlive, signal);
    pauseMs = Math.min(2 * pauseMs, longestPauseMs);
  };
  if (startsWithPause) await pause();
  for (let retried = 0; ; retried += 1) {
    try {
      return await step();
    } catch (failure) {
      if (retried >= retries || performance.now() >= endsAt || !isRetryable(failure)) throw failure;
      onRetry?.(failure, retried + 1);
      await pause();
    }
  }
}

/** The timer of `node:timers/promises` has no mock. */
function pauseFor(milliseconds: number, keepsAlive: boolean, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, milliseconds);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    if (!keepsAlive) timer.unref();
    if (signal?.aborted === true) abort();
    else signal?.addEventListener('abort', abort, { once: true });
  });
}
