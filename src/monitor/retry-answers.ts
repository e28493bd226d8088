import { retry } from '../base/retry.js';
import { answerSuspicion, type SuspicionAnswer } from './answer-suspicion.js';
import type { SuspiciousUse } from './suspicious-use.js';

/** Exponential backoff between retries. */
const BACKOFF = { firstPauseMs: 1000, longestPauseMs: 32_000 };

/** Ten minutes with this backoff. */
const RETRIES = 23;

/** Maximum number of answers that are retried at a time. */
const MAX_WAITING = 1000;

/** A failed answer that is being retried. */
interface WaitingAnswer {
  retriesLeft: number;
}

/**
 * Answers alerts and retries failed answers for ten minutes. Most fail because the store is unavailable, and an alert
 * may be raised only once. Reports the first failure, and when the retries end without success.
 *
 * @returns a function that answers an alert and never rejects. Retries for alerts of the same name are merged.
 */
export function retryAnswers(
  answer: SuspicionAnswer,
  report: (error: unknown) => void,
): (name: string, alert: SuspiciousUse) => Promise<void> {
  const waiting = new Map<string, WaitingAnswer>();

  /** A retry revokes all that was issued up to the second in which it succeeds, so it answers later alerts too. */
  const joinWaiting = (name: string): boolean => {
    const other = waiting.get(name);
    if (other !== undefined) other.retriesLeft = RETRIES;
    return other !== undefined;
  };
  const answerLater = async (name: string, alert: SuspiciousUse): Promise<void> => {
    const own = { retriesLeft: RETRIES };
    waiting.set(name, own);
    const attempt = async (): Promise<void> => {
      own.retriesLeft -= 1;
      await answerSuspicion(answer, alert);
    };
    try {
      await retry(attempt, { ...BACKOFF, startsWithPause: true, isRetryable: () => own.retriesLeft > 0 });
    } finally {
      waiting.delete(name);
    }
  };
  const giveUp = ({ kind }: SuspiciousUse, cause: unknown): void =>
    report(new Error(`createMonitor: gave up answering an alert: ${kind}`, { cause }));

  return async (name, alert) => {
    if (joinWaiting(name)) return;
    try {
      await answerSuspicion(answer, alert);
    } catch (failure) {
      report(failure);
      if (joinWaiting(name)) return;
      if (waiting.size >= MAX_WAITING) giveUp(alert, failure);
      else await answerLater(name, alert).catch((last: unknown) => giveUp(alert, last));
    }
  };
}
