/** Schedule and conditions of retries. */
export interface RetryTerms {
  /** Pause before the first retry, in milliseconds. */
  readonly firstPauseMs: number;
  /** Maximum pause, in milliseconds. Pauses double up to this maximum. Default: `firstPauseMs`, for equal pauses. */
  readonly longestPauseMs?: number;
  /** Whether to shorten pauses randomly, so that competing processes do not retry in lockstep. Default false. */
  readonly hasJitter?: boolean;
  /** Whether to pause before the first attempt. Set it if the caller has already made one. Default false. */
  readonly startsWithPause?: boolean;
  /** Maximum number of retries. Default: no limit. */
  readonly retries?: number;
  /** Time after which no further retry starts, in milliseconds. Default: no limit. */
  readonly timeoutMs?: number;
  /** Return whether to retry after a failure. Default: after every failure. */
  readonly isRetryable?: (failure: unknown) => boolean;
  /** Called before the pause that precedes each retry. The first retry has the number 1. */
  readonly onRetry?: (failure: unknown, retry: number) => void;
  /** Signal that aborts the retries, including the current pause. */
  readonly signal?: AbortSignal;
  /** Whether the process stays alive during pauses. Default false. */
  readonly keepsAlive?: boolean;
}

/**
 * Run a step, and retry it with exponential backoff until it succeeds.
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

/** Pause before a retry. Use `setTimeout`, because the fake timers of Jest do not replace `node:timers/promises`. */
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
